// A Python whose `-m venv DIRECTORY` takes half a second instead of ten: its packages are those of the virtualenv that all tests
// share. For tests of what create does with a virtualenv; how it makes one, and fills it by pip, is tested with the machine's own.

import { globSync } from 'node:fs';
import type { Place } from '../harness/place.ts';
import { virtualenv } from '../harness/virtualenvs.ts';

/** Writes the program, for --python and for a test's own hand. Returns its path. */
export function keptPython(place: Place): string {
  const [packages = ''] = globSync(`${virtualenv('recent').root}/lib/python3*/site-packages`);
  const gunicorn = 'import sys\nfrom gunicorn.app.wsgiapp import run\nsys.exit(run())\n';
  const written = place.write('kept/gunicorn.py', gunicorn);
  return place.write(
    'kept/python3',
    `#!/bin/sh
if [ "$1 $2" != "-m venv" ]; then exec /usr/bin/python3 "$@"; fi
set -eu
/usr/bin/python3 -m venv --without-pip "$3"
for own in "$3"/lib/python3*/site-packages; do echo '${packages}' >"$own/kept.pth"; done
{ echo "#!$3/bin/python" && cat ${written}; } >"$3/bin/gunicorn"
chmod 755 "$3/bin/gunicorn"
`,
    0o755,
  );
}
