// The rows of the table: what is measured.

import { syncWorkers, threads } from './apps.ts';
import { all, type ContenderName, fileServers } from './contenders.ts';

export interface Row {
  /** For --only. */
  readonly name: string;
  readonly what: string;
  readonly path: string;
  /** Bytes of the right answer's body. */
  readonly size: number;
  readonly app: 'fast' | { readonly gunicorn: readonly string[] };
  /** Whether connections to the app are kept. */
  readonly kept: boolean;
  readonly contenders: readonly ContenderName[];
}

const page = { path: '/', size: 700, contenders: all } as const;
const file = { app: 'fast', kept: false, contenders: fileServers } as const;

export const rows: readonly Row[] = [
  { name: 'static-1k', what: 'file of 1 kB', path: '/static/1k.txt', size: 1024, ...file },
  { name: 'static-100k', what: 'file of 100 kB', path: '/static/100k.txt', size: 102_400, ...file },
  { name: 'fast', what: 'fast app, a new connection for each request', app: 'fast', kept: false, ...page },
  {
    name: 'fast-kept',
    what: 'fast app, kept connections',
    app: 'fast',
    kept: true,
    ...page,
    contenders: ['nginx-new', ...all],
  },
  {
    name: 'django-sync',
    what: 'Django, 3 sync workers',
    app: { gunicorn: syncWorkers },
    kept: false,
    ...page,
  },
  {
    name: 'django-gthread',
    what: 'Django, 2 gthread workers of 4 threads, kept connections',
    app: { gunicorn: threads },
    kept: true,
    ...page,
  },
];
