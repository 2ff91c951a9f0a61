// hostd supervisord's first lines: signals that come while the rest of it is being loaded are kept, and answered then.

import { keepEarlySignals } from '../own/early-signals.ts';

keepEarlySignals();
await import('./main.ts');
