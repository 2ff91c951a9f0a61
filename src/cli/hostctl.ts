// The command hostctl.

import { main } from './main.ts';
import { hostctl } from './tables.ts';

await main(hostctl);
