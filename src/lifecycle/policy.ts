// The rules of a program as its lifecycle needs them. Pure.

import type { Program } from '../model/host.ts';
import type { Policy } from './process.ts';

export function policyOf(program: Program, readiness: Policy['readiness'] = 'startsecs'): Policy {
  return {
    autorestart: program.autorestart,
    exitcodes: program.exitcodes,
    startretries: program.startretries,
    readiness,
    startsecs: program.startsecs * 1000,
    stopsignal: program.stopsignal,
    stopwait: program.stopwaitsecs * 1000,
    ...(program.supervisord === undefined ? {} : { supervisord: true }),
  };
}
