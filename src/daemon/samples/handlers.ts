// The call on the control socket that asks for a sample.

import { HostdError } from '../../errors.ts';
import type { Handlers } from '../control/control.ts';
import type { Samples } from './sample.ts';

export function sampleHandlers(samples: Samples): Handlers {
  return {
    'GET /sample': ({ query }) => {
      const memory = query.get('memory');
      if (memory === null || memory === 'exact') return samples.take(memory !== null);
      throw new HostdError('usage', `cannot measure memory "${memory}": the one other way is "exact"`);
    },
  };
}
