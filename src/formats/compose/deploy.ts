// `deploy` of a service: how many copies, where, and how new code comes in. Pure.

import type { Program } from '../../model/host.ts';
import type { Part } from '../containers/workload.ts';
import type { ContainerOptions } from '../format.ts';
import { nodeBounds } from './bounds.ts';
import type { Tree } from './sharing.ts';

/** Compose needs it for copies alone. */
export function deployOf({ program }: Part, isWeb: boolean, options: ContainerOptions): Tree {
  if (!options.swarm) return isWeb && options.replicas > 1 ? { deploy: { replicas: options.replicas } } : {};
  const copies = program.autostart ? (isWeb ? options.replicas : 1) : 0;
  return {
    deploy: {
      replicas: copies,
      ...nodeBounds(program),
      ...rollOut(program, isWeb, options.port),
    },
  };
}

/** A roll-out replaces one copy after the other, and goes back when a new one does not become healthy. */
function rollOut(program: Program, isWeb: boolean, published: number | null): Tree {
  const condition =
    program.autorestart === 'always' || program.schedule !== null
      ? 'any'
      : program.autorestart === 'never'
        ? 'none'
        : 'on-failure';
  const restart = {
    condition,
    delay: '1s',
    ...(program.startretries === null || program.schedule !== null || condition === 'none'
      ? {}
      : { max_attempts: program.startretries }),
  };
  // A port of the node's has room for one copy.
  const order = isWeb && published === null ? 'start-first' : 'stop-first';
  return {
    ...(isWeb ? { endpoint_mode: 'dnsrr' } : {}),
    update_config: {
      parallelism: 1,
      order,
      failure_action: 'rollback',
      monitor: `${Math.max(5, Math.ceil(program.startsecs))}s`,
    },
    rollback_config: { parallelism: 1, order },
    restart_policy: restart,
  };
}
