// A Python whose `-m venv DIRECTORY` takes half a second instead of ten: its packages are those of the virtualenv that all tests
// share. For tests of what create does with a virtualenv; how it makes one, and fills it by pip, is tested with the machine's own.

import { globSync, symlinkSync } from 'node:fs';
import type { Place } from '../harness/place.ts';
import { virtualenv } from '../harness/virtualenvs.ts';

export interface KeptPackages {
  /** Only pip: what else is wanted has to be installed. */
  readonly onlyPip?: boolean;
  /** Another directory of packages. */
  readonly beside?: string | null;
}

/** What pip would put into bin/. */
const mains = {
  pip: 'from pip._internal.cli.main import main',
  'django-admin': 'from django.core.management import execute_from_command_line as main',
  gunicorn: 'from gunicorn.app.wsgiapp import run as main',
} as const;

/** Writes the program, for --python and for a test's own hand. Returns its path. */
export function keptPython(place: Place, { onlyPip = false, beside = null }: KeptPackages = {}): string {
  const [shared = ''] = globSync(`${virtualenv('recent').root}/lib/python3*/site-packages`);
  const packages = onlyPip ? pipOf(shared, place) : shared;
  const lines = [packages, ...(beside === null ? [] : [beside])].map(line => `'${line}'`).join(' ');
  const scripts = Object.entries(mains).map(([name, main]) => {
    if (onlyPip && name !== 'pip') return '';
    const script = place.write(`kept/${name}.py`, `import sys\n${main}\nsys.exit(main())\n`);
    return `{ echo "#!$3/bin/python" && cat ${script}; } >"$3/bin/${name}" && chmod 755 "$3/bin/${name}"`;
  });
  return place.write(
    'kept/python3',
    `#!/bin/sh
if [ "$1 $2" != "-m venv" ]; then exec /usr/bin/python3 "$@"; fi
set -eu
/usr/bin/python3 -m venv --without-pip "$3"
for own in "$3"/lib/python3*/site-packages; do printf '%s\\n' ${lines} >"$own/kept.pth"; done
${scripts.join('\n')}
`,
    0o755,
  );
}

/** A directory with nothing but pip. */
function pipOf(packages: string, place: Place): string {
  const alone = place.directory('kept/pip');
  for (const path of globSync(`${packages}/pip*`)) symlinkSync(path, `${alone}/${path.split('/').at(-1)}`);
  return alone;
}
