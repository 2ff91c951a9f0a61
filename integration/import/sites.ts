// Sites as people write them for Supervisor and nginx, each in a way of its own, around the same small application.

import { chownSync, readFileSync } from 'node:fs';
import { freePort } from '../../scripts/free-port.ts';
import { type Account, run } from '../../scripts/run.ts';
import type { Place } from '../harness/place.ts';
import { virtualenv } from '../harness/virtualenvs.ts';

export interface Site {
  readonly name: string;
  readonly host: string;
  /** [host, path] that both sides are asked for. */
  readonly asks: readonly (readonly [string, string])[];
  /** nginx keeps all of it from the public: there is nothing to compare. */
  readonly closed: boolean;
  /** What the import has to say of it; null: nothing, as all of it is imported. */
  readonly told: RegExp | null;
  /** Variables and entries that Supervisor's programs have from Supervisor's own environment. */
  readonly inherited: ReadonlySet<string>;
}

/** In files that nginx does not show. */
export const secret = 'not for everybody';

interface Given {
  readonly command: string;
  readonly keys?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly upstream?: string;
  readonly pass?: string;
  readonly server?: string;
  readonly names?: string;
  /** More server blocks. */
  readonly more?: string;
  readonly asks?: readonly (readonly [string, string])[];
  readonly closed?: boolean;
  readonly told?: RegExp;
}

interface Around {
  readonly root: string;
  readonly user: string;
  readonly socket: string;
  readonly port: number;
  readonly listen: string;
}

/** Each with its name: what is special about it. */
const cases: Readonly<Record<string, (around: Around) => Given>> = {
  plain: ({ root, socket, user }) => ({
    command: `${root}/bin/gunicorn --chdir ${root}/src app.wsgi:application -b unix:${socket} -w 1`,
    keys: `user=${user}\nenvironment=TOKEN="a%%b",NAME="it's; x"\n`,
  }),
  article: ({ root, socket, user }) => ({
    command: `${root}/bin/gunicorn_start`,
    files: {
      'bin/gunicorn_start': `#!/bin/bash
NAME="article"                    # Name of the application
DJANGODIR=${root}/src             # Django project directory
SOCKFILE=${socket}
USER=${user}
NUM_WORKERS=2
DJANGO_SETTINGS_MODULE=app.settings
echo "Starting $NAME as \`whoami\`"
cd $DJANGODIR
source ../bin/activate
export DJANGO_SETTINGS_MODULE=$DJANGO_SETTINGS_MODULE
export PYTHONPATH=$DJANGODIR:$PYTHONPATH
RUNDIR=$(dirname $SOCKFILE)
test -d $RUNDIR || mkdir -p $RUNDIR
exec ../bin/gunicorn app.wsgi:application \\
  --name $NAME \\
  --workers $NUM_WORKERS \\
  --user=$USER \\
  --bind=unix:$SOCKFILE \\
  --log-level=info \\
  --log-file=-
`,
    },
  }),
  bashc: ({ root, socket, user }) => ({
    command: `bash -c "source ${root}/bin/activate && cd ${root}/src && exec gunicorn app.wsgi -b unix:${socket}"`,
    keys: `user=${user}\n`,
  }),
  envfront: ({ root, socket, user }) => ({
    command: `env COLOUR=blue SHAPE='round one' ${root}/bin/gunicorn --chdir ${root}/src app.wsgi -b unix:${socket}`,
    keys: `user=${user}\n`,
  }),
  sourced: ({ root, socket, user }) => ({
    command: `${root}/bin/start`,
    keys: `user=${user}\n`,
    files: {
      'live.env': 'SECRET="dj#n o"\nexport DEBUG=0\nURL=postgres://x/y\n',
      'bin/start': `#!/bin/bash\nset -a\n. ${root}/live.env\nset +a\ncd ${root}/src\nexec ${root}/bin/gunicorn app.wsgi -b unix:${socket}\n`,
    },
  }),
  infront: ({ root, socket, user }) => ({
    command: `/bin/sh ${root}/bin/start`,
    keys: `user=${user}\n`,
    files: {
      'bin/start': `#!/bin/sh\ncd ${root}/src\nDJANGO_SETTINGS_MODULE=app.live DEBUG=0 exec ${root}/bin/gunicorn app.wsgi --bind unix:${socket}\n`,
    },
  }),
  paths: ({ root, socket, user }) => ({
    command: `${root}/bin/start`,
    keys: `user=${user}\n`,
    files: {
      'bin/start': `#!/bin/bash\ncd ${root}/src\nexport PYTHONPATH=/opt/shared/lib:${root}/src PATH=/opt/node/bin:$PATH LANG=de_DE.UTF-8\nexec ${root}/bin/gunicorn app.wsgi --bind unix:${socket}\n`,
    },
  }),
  ownfile: ({ root, socket, user }) => ({
    command: `${root}/bin/gunicorn -c conf.py --chdir src app.wsgi`,
    keys: `user=${user}\ndirectory=${root}\n`,
    files: { 'conf.py': `import os\n\nworkers = 2\nbind = "unix:${socket}"\nraw_env = ["FROM_FILE=yes"]\n` },
  }),
  redirected: ({ root, socket, user }) => ({
    command: `${root}/bin/start`,
    keys: `user=${user}\n`,
    files: {
      'bin/start': `#!/bin/sh\ncd ${root}/src\nexec ${root}/bin/gunicorn app.wsgi --bind unix:${socket} >> ${root}/logs/out.log 2>&1\n`,
    },
    told: /stdout_logfile/,
  }),
  otheruser: ({ root, socket, user }) => ({
    command: `runuser -u ${user} -- ${root}/bin/gunicorn --chdir ${root}/src app.wsgi -b unix:${socket}`,
  }),
  relative: ({ root, user }) => ({
    command: `${root}/bin/start`,
    keys: `user=${user}\n`,
    files: {
      'bin/start': `#!/bin/sh\ncd ${root}/src || exit 1\nrm -f ../run/gunicorn.sock\nexec ../bin/gunicorn app.wsgi --bind unix:../run/gunicorn.sock\n`,
    },
  }),
  slashes: ({ root, socket, user }) => ({
    command: `${root}/bin/gunicorn --chdir ${root}/src app.wsgi -b unix://${socket}`,
    keys: `user=${user}\n`,
    upstream: `upstream slashes { server unix://${socket} fail_timeout=0; }`,
    pass: 'http://slashes',
  }),
  twoblocks: ({ root, socket, user, listen }) => ({
    command: `${root}/bin/gunicorn --chdir ${root}/src app.wsgi -b unix:${socket}`,
    keys: `user=${user}\n`,
    more: `server { listen ${listen}; server_name second.twoblocks.test; location / { proxy_pass http://unix:${socket}; proxy_set_header Host $host; } }`,
    asks: [['second.twoblocks.test', '/']],
  }),
  address: ({ root, user, port }) => ({
    command: `${root}/bin/gunicorn --chdir ${root}/src app.wsgi -b 127.0.0.1:${port}`,
    keys: `user=${user}\n`,
    upstream: `upstream address { server localhost:${port}; }`,
    pass: 'http://address',
    told: /hostd gives gunicorn a unix socket instead/,
  }),
  dotname: ({ root, socket, user }) => ({
    command: `${root}/bin/gunicorn --chdir ${root}/src app.wsgi -b unix:${socket}`,
    keys: `user=${user}\n`,
    names: '.dotname.test',
    asks: [['a.b.dotname.test', '/']],
  }),
  inherited: ({ root, socket, user }) => ({
    command: `${root}/bin/gunicorn --chdir ${root}/src app.wsgi -b unix:${socket}`,
    keys: `user=${user}\n`,
    server: `root ${root}; location ~ ^/(static|media)/ { try_files $uri =404; }`,
    asks: [
      ['inherited.test', '/static/a.txt'],
      ['inherited.test', '/media/a.txt'],
    ],
  }),
  internal: ({ root, socket, user }) => ({
    command: `${root}/bin/gunicorn --chdir ${root}/src app.wsgi -b unix:${socket}`,
    keys: `user=${user}\n`,
    server: `location /static/ { alias ${root}/static/; } location /media/ { internal; alias ${root}/media/; }`,
    asks: [['internal.test', '/static/a.txt']],
    told: /media = false/,
  }),
  denied: ({ root, socket, user }) => ({
    command: `${root}/bin/gunicorn --chdir ${root}/src app.wsgi -b unix:${socket}`,
    keys: `user=${user}\n`,
    server: `location /media/ { alias ${root}/media/; }
  location /static/ { alias ${root}/static/; location /static/private/ { allow 10.1.2.3; deny all; alias ${root}/static/private/; } }`,
    asks: [['denied.test', '/media/a.txt']],
    told: /static = false/,
  }),
  arithmetic: ({ root, socket, user }) => ({
    command: `${root}/bin/start`,
    keys: `user=${user}\n`,
    files: {
      'bin/start': `#!/bin/bash\nCORES=1\numask 027\ncd ${root}/src\nexec ${root}/bin/gunicorn app.wsgi --workers $((2 * CORES)) --bind unix:${socket} "$@"\n`,
    },
  }),
  debugging: ({ root, socket, user }) => ({
    command: `${root}/bin/start`,
    keys: `user=${user}\n`,
    files: {
      'bin/start': `#!/bin/bash\ncd ${root}/src\nif [ "$1" = debug ]; then\n  exec ${root}/bin/gunicorn app.wsgi --reload\nfi\nexec ${root}/bin/gunicorn app.wsgi --workers 2 --bind unix:${socket}\n`,
    },
    told: /gunicorn is started elsewhere, too/,
  }),
  kept: ({ root, socket, user }) => ({
    command: `nice -n 1 ${root}/bin/gunicorn --chdir ${root}/src app.wsgi -w 2 -b unix:${socket}`,
    keys: `user=${user}\ndirectory=${root}/src\n`,
  }),
  module: ({ root, socket, user }) => ({
    command: `${root}/bin/python -u -m gunicorn --chdir ${root}/src app.wsgi -b unix:${socket}`,
    keys: `user=${user}\n`,
  }),
  moved: ({ root, socket, user, listen }) => ({
    command: `${root}/bin/gunicorn --chdir ${root}/src app.wsgi -b unix:${socket}`,
    keys: `user=${user}\n`,
    more: `server { listen ${listen}; server_name www.moved.test; return 301 http://moved.test$request_uri; }`,
    asks: [['www.moved.test', '/x?y']],
  }),
  closed: ({ root, socket, user }) => ({
    command: `${root}/bin/gunicorn --chdir ${root}/src app.wsgi -b unix:${socket}`,
    keys: `user=${user}\n`,
    server: 'auth_basic staff; auth_basic_user_file /dev/null;',
    closed: true,
    told: /cannot import the site "closed": auth_basic staff;/,
  }),
};

const tiny = new URL('../harness/tiny_wsgi.py', import.meta.url);

/** Writes all of them below the place: apps as `account`, Supervisor's and nginx's files below tree/etc. */
export async function installSites(place: Place, account: Account, port: number): Promise<readonly Site[]> {
  const sites: Site[] = [];
  for (const [name, make] of Object.entries(cases)) {
    const root = `${place.dir}/w/${name}`;
    const around = {
      root,
      user: account.name,
      socket: `${root}/run/gunicorn.sock`,
      port: name === 'address' ? await freePort() : 0,
      listen: `127.0.0.1:${port}`,
    };
    const given = make(around);
    installApp(place, name, given.files ?? {});
    place.write(
      `tree/etc/supervisor/conf.d/${name}.conf`,
      `[program:${name}]\ncommand=${given.command}\n${given.keys ?? ''}`,
    );
    place.write(`tree/etc/nginx/sites-enabled/${name}`, vhost(name, given, around));
    sites.push({
      name,
      host: `${name}.test`,
      asks: [[`${name}.test`, '/'], [`${name}.test`, '/status?c=418'], ...(given.asks ?? [])],
      closed: given.closed === true,
      told: given.told ?? null,
      inherited: new Set([
        ...Object.keys(process.env).filter(name => name !== 'LANG'),
        ...Object.keys(place.env),
        ...(process.env['PATH'] ?? '').split(':'),
        'LC_CTYPE',
      ]),
    });
  }
  const { code, stderr } = await run(['chown', '-R', `${account.uid}:${account.gid}`, `${place.dir}/w`]);
  if (code !== 0) throw new Error(stderr);
  chownSync(`${place.dir}/w`, 0, 0);
  return sites;
}

function installApp(place: Place, name: string, files: Readonly<Record<string, string>>): void {
  const root = `w/${name}`;
  const venv = virtualenv('recent').root;
  for (const program of ['gunicorn', 'python'])
    place.write(`${root}/bin/${program}`, `#!/bin/sh\nexec ${venv}/bin/${program} "$@"\n`, 0o755);
  place.write(
    `${root}/bin/activate`,
    `export VIRTUAL_ENV=${place.dir}/${root}\nexport PATH=$VIRTUAL_ENV/bin:$PATH\n`,
  );
  for (const [file, text] of [
    ['__init__.py', ''],
    ['settings.py', ''],
    ['live.py', ''],
    ['wsgi.py', readFileSync(tiny, 'utf8')],
  ] as const)
    place.write(`${root}/src/app/${file}`, text);
  for (const kind of ['static', 'media']) {
    place.write(`${root}/${kind}/a.txt`, `${kind} of ${name}\n`);
    place.write(`${root}/${kind}/secret.txt`, secret);
    place.write(`${root}/${kind}/private/secret.txt`, secret);
  }
  for (const directory of ['run', 'logs']) place.directory(`${root}/${directory}`);
  for (const [file, text] of Object.entries(files))
    place.write(`${root}/${file}`, text, file.startsWith('bin/') ? 0o755 : 0o644);
}

function vhost(name: string, given: Given, { socket, listen }: Around): string {
  return `${given.upstream ?? ''}
server {
  listen ${listen};
  server_name ${given.names ?? `${name}.test`};
  client_max_body_size 4g;
  ${given.server ?? ''}
  location / {
    proxy_pass ${given.pass ?? `http://unix:${socket}`};
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  }
}
${given.more ?? ''}
`;
}
