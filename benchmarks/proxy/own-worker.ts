// How hostd itself starts a proxy worker: what is built, with its own flags and environment.

import { flagsOf, ownEnvironment } from '../../src/daemon/own-parts.ts';

export const asUnderHostd = {
  isBuilt: true,
  nodeOptions: flagsOf('proxy'),
  environment: ownEnvironment,
} as const;
