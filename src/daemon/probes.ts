// Which programs are being asked for their health: those with a health path, from their spawn until they are RUNNING.

import type { Host } from '../model/host.ts';
import type { Loop } from './loop.ts';
import { type Probe, startProbe } from './probe.ts';
import type { Unit } from './unit.ts';

/** Follows the units' states for as long as hostd lives. */
export function askForHealth(loop: Loop, host: () => Host): void {
  const probes = new Map<Unit, Probe>();
  loop.listen((unit, before) => {
    if (before.kind === unit.state.kind && before.run === unit.state.run) return;
    probes.get(unit)?.stop();
    probes.delete(unit);
    const { health, socket } = unit.program;
    // Over a socket that two generations share, nobody knows who answers.
    if (health === null || socket === null || unit.successor) return;
    if (unit.state.kind !== 'starting' || unit.run === null) return;
    const { run } = unit.state;
    unit.waitsFor = health.path;
    const probe = startProbe(host(), { socket: socket.path, ...health }, answer => {
      if (probes.get(unit) !== probe) return;
      if (answer.kind === 'healthy') loop.post(unit, { kind: 'ready', run });
      else unit.waitsFor = `${health.path}: ${answer.why}`;
    });
    probes.set(unit, probe);
  });
}
