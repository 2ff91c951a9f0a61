// What happens to a service: an event comes in, the next service and its effects come out. Pure, as process.ts is.

import { Draft } from './draft.ts';
import { ask, idle } from './requests.ts';
import { type Definition, type Event, generationsOf, type Service, type Step } from './service.ts';
import { settle } from './settle.ts';

/** The next service, and what to do about it. */
export function advance<D extends Definition>(service: Service<D>, event: Event<D>): Step<D> {
  const draft = new Draft(service, event.at);
  switch (event.kind) {
    case 'process':
      draft.tell(event.generation, { ...event.news, at: event.at });
      break;
    case 'amend':
      draft.amend(event.definition);
      break;
    case 'adopt':
      draft.adopt(event.definition, event.run);
      break;
    case 'idle':
      idle(draft);
      break;
    default:
      ask(draft, event);
  }
  settle(draft);
  const left = new Set(generationsOf(draft.service).map(({ id }) => id));
  const gone = [...draft.seen.values()].filter(({ id }) => !left.has(id));
  return { service: draft.service, effects: draft.effects, gone };
}
