import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { hostOf } from '../cases.test.ts';
import { type ContainerOptions, containerDefaults } from '../format.ts';
import { compose } from './compose.ts';

interface Service extends Record<string, unknown> {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly deploy: {
    readonly mode?: string;
    readonly replicas?: number;
    readonly endpoint_mode?: string;
    readonly update_config?: { readonly order: string };
    readonly resources?: unknown;
  };
  readonly healthcheck?: { readonly test: readonly string[] };
}

function emit(toml: string, options: Partial<ContainerOptions> = {}) {
  return compose.write?.(hostOf(toml), { plain: false, container: { ...containerDefaults, ...options } });
}

/** What Docker makes of the file, read as YAML 1.1, in which more words have a meaning. */
function servicesOf(
  toml: string,
  options: Partial<ContainerOptions> = {},
): Readonly<Record<string, Service>> {
  const [file] = emit(toml, options)?.files ?? [];
  assert.equal(file?.kind, 'file');
  return parse(file.text, { version: '1.1', merge: true }).services;
}

const hello = '[app.hello]\nroot = "/w"\n';

test('an app is a service without rights, on a port of this machine alone', () => {
  const { hello: web } = servicesOf(`${hello}server_names = ["hello.test"]\nhealth = "/up"\n`);
  assert.equal(web?.['user'], '10001:10001');
  assert.equal(web?.['read_only'], true);
  assert.deepEqual(web?.['cap_drop'], ['ALL']);
  assert.deepEqual(web?.['security_opt'], ['no-new-privileges:true']);
  assert.deepEqual(web?.['tmpfs'], ['/tmp']);
  assert.equal(web?.['stop_grace_period'], '35s');
  assert.deepEqual(web?.['ports'], [`127.0.0.1:\${HELLO_PORT:-8000}:8000`]);
  assert.deepEqual(web?.command.slice(0, 2), ['/w/bin/gunicorn', 'hello.wsgi:application']);
  assert.deepEqual(web?.command.slice(-4), ['--bind', '0.0.0.0:8000', '--forwarded-allow-ips', '*']);
  assert.deepEqual(web?.healthcheck?.test.slice(-3), ['/up', 'hello.test', 'http']);
});

test('migrations run once: Compose starts the rest when they have ended well', () => {
  const { migrate, hello: web } = servicesOf(hello);
  assert.deepEqual(migrate?.command, ['/w/bin/python', '/w/hello/manage.py', 'migrate', '--noinput']);
  assert.equal(migrate?.['restart'], 'no');
  assert.deepEqual(web?.['depends_on'], { migrate: { condition: 'service_completed_successfully' } });
  assert.equal(servicesOf(hello, { migrations: false })['migrate'], undefined);
});

test('migrations run once in Swarm, too, and each copy of the new code waits for them', () => {
  const { migrate, hello: web } = servicesOf(hello, { swarm: true, replicas: 3 });
  assert.equal(migrate?.deploy.mode, 'replicated-job');
  assert.equal(web?.deploy.replicas, 3);
  assert.equal(web?.deploy.endpoint_mode, 'dnsrr');
  // Swarm ignores the key "tmpfs", and gunicorn does not start without a place for its heartbeats.
  assert.equal(web?.['tmpfs'], undefined);
  const [temporary] = (web?.['volumes'] ?? []) as readonly unknown[];
  assert.deepEqual(temporary, { type: 'tmpfs', target: '/tmp' });
  assert.deepEqual(web?.['ports'], [{ target: 8000, protocol: 'tcp', mode: 'host' }]);
  const gate = web?.command.indexOf('--') ?? -1;
  assert.equal(web?.command[gate - 1], '/w/hello/manage.py');
  assert.equal(web?.command[gate + 1], '/w/bin/gunicorn');
});

test('a fixed port has room for one copy of a node, so the old one goes first', () => {
  const order = (port: number | null) =>
    servicesOf(hello, { swarm: true, port })['hello']?.deploy.update_config?.order;
  assert.deepEqual([order(null), order(8000)], ['start-first', 'stop-first']);
});

test('other programs are services of their own; a scheduled one waits in its container for its times', () => {
  const toml = `${hello}[app.hello.program.celery]\ncommand = "celery worker"\n[app.hello.program.nightly]\ncommand = "x"\nschedule = "@daily"\n`;
  const services = servicesOf(toml);
  assert.deepEqual(services['celery']?.command, ['celery', 'worker']);
  assert.equal(services['celery']?.['ports'], undefined);
  assert.equal(services['nightly']?.['restart'], 'unless-stopped');
  const inSwarm = servicesOf(toml, { swarm: true, migrations: false })['nightly'];
  assert.equal(inSwarm?.deploy.replicas, 1);
  for (const [plan, ...command] of [services['nightly'], inSwarm].map(part => part?.command.slice(3) ?? [])) {
    assert.deepEqual(command, ['x']);
    const { minutes, hours, days } = JSON.parse(plan ?? '');
    assert.deepEqual([minutes, hours, days], [[0], [0], null]);
  }
});

test('secrets are references: variables in Compose, secrets of Docker in Swarm', () => {
  const toml = `${hello}env_file = "/w/.env"\n[app.hello.env]\nSECRET_KEY = "hunter2"\nDATABASE_URL = "postgres://u:hunter2@db/x"\n`;
  for (const swarm of [false, true]) {
    const [file] = emit(toml, { swarm })?.files ?? [];
    assert.equal(file?.kind === 'file' && file.text.includes('hunter2'), false);
  }
  const { hello: web } = servicesOf(toml);
  assert.match(web?.environment['SECRET_KEY'] ?? '', /^\$\{SECRET_KEY:\?/);
  assert.deepEqual(web?.['env_file'], ['/w/.env']);
  const { hello: task } = servicesOf(toml, { swarm: true });
  assert.equal(task?.environment['SECRET_KEY'], undefined);
  const mine = { uid: '10001', gid: '10001', mode: 0o400 };
  assert.deepEqual(task?.['secrets'], [
    { source: 'DATABASE_URL', target: 'DATABASE_URL', ...mine },
    { source: 'SECRET_KEY', target: 'SECRET_KEY', ...mine },
  ]);
});

test('bounds, limits and ends are those of the table', () => {
  const toml = `${hello}memory_max = "512M"\nmemory_high = "400M"\ncpu_max = "150%"\ntasks_max = 64\nstopsignal = "INT"\nstopwaitsecs = 7\noom_score_adj = 300\nlimits = { nofile = [1024, "unlimited"] }\n`;
  const { hello: web } = servicesOf(toml);
  assert.deepEqual(
    [web?.['cpus'], web?.['mem_limit'], web?.['mem_reservation'], web?.['pids_limit']],
    [1.5, '536870912', '419430400', 64],
  );
  assert.deepEqual(servicesOf(toml, { swarm: true })['hello']?.deploy.resources, {
    limits: { cpus: '1.5', memory: '536870912', pids: 64 },
    reservations: { memory: '419430400' },
  });
  assert.deepEqual(web?.['ulimits'], { nofile: { soft: 1024, hard: -1 } });
  assert.equal(web?.['stop_signal'], 'SIGINT');
  assert.equal(web?.['stop_grace_period'], '7s');
  assert.equal(web?.['oom_score_adj'], 300);
});

test('what is required is waited for, where a container can reach it', () => {
  const { requires, hello: web } = servicesOf(
    `${hello}requires = ["postgresql", "10.0.0.5:6379", "[fd00::5]:11211", "127.0.0.1:9000", "unix:/run/x.sock"]\n`,
  );
  assert.deepEqual(requires?.command.slice(3), ['postgresql:5432', '10.0.0.5:6379', '[fd00::5]:11211', '--']);
  assert.deepEqual(web?.['extra_hosts'], { postgresql: 'host-gateway' });
});

test('two apps of one project have files of their own', () => {
  const toml = '[app.a]\nroot = "/w"\nproject = "/p"\n[app.b]\nroot = "/w"\nproject = "/p"\n';
  assert.deepEqual(
    emit(toml)?.files.map(({ path }) => path),
    ['/p/compose.a.yaml', '/p/compose.b.yaml'],
  );
});

test('whatever a value or a word of a command has in it, Docker gives the app the same', () => {
  const odd = fc.oneof(
    fc.constantFrom(
      'yes',
      'NO',
      '1e3',
      '0777',
      '1:30',
      'a: b',
      '#',
      '- x',
      '~',
      'null',
      '.inf',
      '$X',
      `\${X:-y}`,
      '$$',
      '<<',
      '*a',
      '&a',
      '!!a',
      "'",
      '"',
      '',
    ),
    fc.string({ unit: 'grapheme' }),
    fc.string(),
  );
  const value = odd.map(text => text.replace(/[\0\ud800-\udfff]/g, ''));
  fc.assert(
    fc.property(value, value, (text, word) => {
      // hostd itself reads %% as %.
      const list = [word, text, 'x'].map(entry => tomlText(entry.replaceAll('%', '%%'))).join(', ');
      const toml = `${hello}[app.hello.env]\nODD = ${tomlText(text)}\nNO = "1"\n[app.hello.program.x]\ncommand = ["x", ${list}]\n`;
      for (const swarm of [false, true]) {
        const services = servicesOf(toml, { swarm, migrations: false });
        const raw = (given: string | undefined) => given?.replaceAll('$$', '$');
        assert.equal(raw(services['hello']?.environment['ODD']), text);
        assert.equal(services['hello']?.environment['NO'], '1');
        assert.deepEqual(services['x']?.command.map(raw), ['x', word, text, 'x']);
      }
    }),
  );
});

function tomlText(text: string): string {
  return JSON.stringify(text).replace(/\u007f/g, '\\u007f');
}

test('an app that has moved to its upstreams is written as before: it is what the engine runs', () => {
  const moved = `${hello}upstreams = ["10.0.0.5:8000"]\n`;
  assert.deepEqual(servicesOf(moved), servicesOf(hello));
  const { files, problems } = emit('[app.hello]\nupstreams = ["10.0.0.5:8000"]\n') ?? assert.fail();
  assert.deepEqual(
    [files, problems.map(({ message }) => message)],
    [[], ['compose: "hello": upstreams: it has no root: there is nothing to run']],
  );
});
