// What hostctl notify --test asks for.

import { HostdError } from '../../errors.ts';
import { type Handlers, stream } from '../control/control.ts';
import type { Notifier } from './notifier.ts';

export function notifyHandlers(notifier: Notifier): Handlers {
  return {
    'POST /notify/test': ({ response }) =>
      stream(response, async report => {
        const tried = await notifier.test();
        if (tried.length === 0)
          throw new HostdError('failed', 'cannot tell anybody: [notify] has neither command nor url', {
            hint: 'man 5 hostd.toml, then: hostctl update',
          });
        await Promise.all(
          tried.map(async ({ name, delivered }) => {
            const result = await delivered;
            if (result === null) {
              const message = `${name}: busy: something is being told at this moment`;
              return report({ kind: 'done', name, outcome: 'failed', message });
            }
            const { ok, what } = result;
            const message = ok ? `${name}: told: ${what}` : `${name}: cannot tell: ${what}`;
            report({ kind: 'done', name, outcome: ok ? 'ok' : 'failed', message });
          }),
        );
      }),
  };
}
