// From a form to a command of the control API. Pure.

import { mostWorkers } from '../protocol/control.ts';

export interface Order {
  /** Below /v1. */
  readonly path: string;
  readonly body: object;
}

/** A text: why the form says nothing that can be done. */
export function orderOf(action: string, name: string, form: URLSearchParams): Order | string {
  const names = [name];
  switch (action) {
    case 'start':
    case 'stop':
    case 'restart':
    case 'reload':
      return { path: action, body: { names } };
    case 'rotate':
      return { path: 'logs/rotate', body: { names } };
    case 'scale': {
      const workers = whole(form.get('workers'), mostWorkers);
      return workers === null
        ? `the number of workers must be 1 to ${mostWorkers}`
        : { path: 'scale', body: { names, workers } };
    }
    case 'maintenance': {
      const on = form.get('on');
      if (on === 'off') return { path: 'maintenance', body: { names, on: false } };
      const retryAfter = whole(form.get('retry') ?? '120', 604_800);
      if (on !== 'on') return 'maintenance is on or off';
      return retryAfter === null
        ? 'the seconds must be 1 to 604800'
        : { path: 'maintenance', body: { names, on: true, retryAfter } };
    }
    default:
      return 'there is no such action';
  }
}

function whole(text: string | null, most: number): number | null {
  const value = /^\d{1,9}$/.test(text ?? '') ? Number(text) : 0;
  return value >= 1 && value <= most ? value : null;
}
