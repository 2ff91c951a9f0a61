// Every foreign format, by name. hostd.toml itself is read by toml.ts, and by config/.

import { compose } from './compose/compose.ts';
import type { Format } from './format.ts';
import { gunicornStart } from './gunicorn/gunicorn-start.ts';
import { image } from './image/image.ts';
import { kubernetes } from './kubernetes/kubernetes.ts';
import { nginx } from './nginx/nginx.ts';
import { supervisor } from './supervisor/supervisor.ts';
import { systemd } from './systemd/systemd.ts';

export const formats: readonly Format[] = [
  supervisor,
  gunicornStart,
  nginx,
  systemd,
  compose,
  kubernetes,
  image,
];

export function formatNamed(name: string): Format | undefined {
  return formats.find(format => format.name === name);
}

/** What `emit all` writes: together these do hostd's work. */
export const together: readonly Format[] = [supervisor, gunicornStart, nginx, systemd];
