// The calls on the control socket that ask for a sample: as JSON, and as metrics for whoever scrapes hostd by its control socket.

import { HostdError } from '../../errors.ts';
import { formatFor } from '../../exposition/accept.ts';
import { expose, mediaTypes } from '../../exposition/text.ts';
import { describeSample } from '../../protocol/sample.ts';
import type { Handlers } from '../control/control.ts';
import type { Supervisor } from '../fleet/supervisor.ts';
import { processesOf } from './processes.ts';
import type { Samples } from './sample.ts';

export function sampleHandlers(samples: Samples, supervisor: Supervisor): Handlers {
  return {
    'GET /sample': async ({ query }) => {
      const memory = query.get('memory');
      if (memory === null || memory === 'exact') return describeSample(await samples.take(memory !== null));
      throw new HostdError('usage', `cannot measure memory "${memory}": the one other way is "exact"`);
    },
    'GET /processes': ({ query }) => processesOf(supervisor, query.get('name') ?? ''),
    'GET /metrics': async ({ request, response }) => {
      const format = formatFor(request.headers.accept);
      const text = Buffer.from(expose(await samples.take(false), format));
      response.writeHead(200, { 'Content-Type': mediaTypes[format], 'Content-Length': text.length });
      response.end(text);
    },
  };
}
