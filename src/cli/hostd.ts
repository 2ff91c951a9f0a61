// The command hostd, but for `hostd start`, which bin/hostd gives to the daemon straight away.

import { main } from './program/main.ts';
import { hostd } from './tables.ts';

await main(hostd);
