// Combinations of the keys of sleep that do nothing, or not what they seem to.

import type { Host, Program } from './host.ts';
import { servesApp } from './kind.ts';
import type { Problem } from './problem.ts';

export function checkSleep({ apps, programs }: Host): readonly Problem[] {
  const sleepers = new Set(
    apps.filter(app => app.idleTimeout !== null || app.onDemand).map(({ name }) => name),
  );
  return programs.flatMap((program): Problem[] => {
    if (servesApp(program) && program.onDemand === true && !program.autostart)
      return [
        warning(
          program,
          'on_demand',
          `app "${program.app}": on_demand = true does nothing with autostart = false: no request starts it`,
          'leave out autostart',
        ),
      ];
    if (program.sleepsWithApp === true && program.schedule !== null)
      return [
        warning(
          program,
          'sleeps_with_app',
          `app "${program.app}", program "${program.source.key.at(-1)}": sleeps_with_app does nothing with schedule: it runs at its times, whether the app sleeps or not`,
          'leave it out',
        ),
      ];
    if (program.sleepsWithApp !== true || sleepers.has(program.app ?? '')) return [];
    return [
      warning(
        program,
        'sleeps_with_app',
        `app "${program.app}", program "${program.source.key.at(-1)}": sleeps_with_app does nothing, since the app never sleeps`,
        `idle_timeout = "30m" in [app.${program.app}]`,
      ),
    ];
  });
}

function warning(program: Program, key: string, message: string, hint: string): Problem {
  const { file, key: table } = program.source;
  const at = { file, key: [...table, key] };
  return { severity: 'warning', message, hint, at, subject: program.app ?? program.name };
}
