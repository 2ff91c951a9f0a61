// hostd supervisord's first lines. Signals that come while the rest of it is being loaded are kept, and answered later.

import { keepEarlySignals } from '../own/early-signals.ts';

keepEarlySignals();
await import('./main.ts');
