// hostd's first lines. A signal that comes while the rest of hostd is being loaded, or takes over, is kept and answered later: otherwise
// SIGHUP or SIGUSR2 would end hostd, and SIGTERM would leave its programs running. Imports nothing else, so that it runs first.

import { keepEarlySignals } from './own/early-signals.ts';

keepEarlySignals();
await import('./main.ts');
