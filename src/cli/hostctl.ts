// The command hostctl.

import { main } from './program/main.ts';
import { hostctl } from './tables.ts';

await main(hostctl);
