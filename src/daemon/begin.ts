// hostd's first lines: what is asked by a signal while the rest of it is being loaded and is taking over is kept, and done then.
// Else SIGHUP or SIGUSR2 would end it, and SIGTERM leave its programs running. Imports nothing else, so that this comes first.

import { keepEarlySignals } from './own/early-signals.ts';

keepEarlySignals();
await import('./main.ts');
