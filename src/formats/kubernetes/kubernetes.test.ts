import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { hostOf } from '../cases.test.ts';
import { type ContainerOptions, containerDefaults } from '../format.ts';
import { declarationOf, unknownFields } from './fields.test.ts';
import { kubernetes } from './kubernetes.ts';
import { refusals } from './rules.test.ts';

interface Found {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Spec;
  readonly data: Readonly<Record<string, string>>;
}

/** What of an object the tests look at. */
interface Spec {
  readonly replicas?: number;
  readonly minReadySeconds: number;
  readonly strategy: { readonly type: string };
  readonly accessModes: readonly string[];
  readonly rules: readonly { readonly host: string }[];
  readonly tls: unknown;
  readonly template: { readonly spec: Pod };
  readonly schedule: string;
  readonly timeZone: string;
  readonly suspend: boolean;
  readonly concurrencyPolicy: string;
  readonly jobTemplate: {
    readonly spec: { readonly activeDeadlineSeconds: number; readonly template: unknown };
  };
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

interface Pod {
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly terminationGracePeriodSeconds: number;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly [Container];
}

interface Container {
  readonly command: readonly string[];
  readonly lifecycle?: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly envFrom: readonly unknown[];
  readonly resources: unknown;
  readonly livenessProbe?: unknown;
  readonly readinessProbe: { readonly httpGet?: unknown; readonly tcpSocket?: unknown };
  readonly securityContext: Readonly<Record<string, unknown>>;
}

function emit(toml: string, options: Partial<ContainerOptions> = {}) {
  return kubernetes.write?.(hostOf(toml), { plain: false, container: { ...containerDefaults, ...options } });
}

/** The objects of all files, read as YAML 1.1, as kubectl does. */
function objectsOf(toml: string, options: Partial<ContainerOptions> = {}): readonly Found[] {
  return (emit(toml, options)?.files ?? []).flatMap(file =>
    file.kind === 'link'
      ? []
      : parseAllDocuments(file.text, { version: '1.1' }).map(document => document.toJS()),
  );
}

function only(objects: readonly Found[], kind: string, name?: string): Found {
  const found = objects.filter(
    object => object.kind === kind && (name ?? object.metadata.name) === object.metadata.name,
  );
  assert.equal(found.length, 1, `${kind} ${name ?? ''}`);
  return found[0] as Found;
}

const modules: Readonly<Record<string, string>> = { v1: 'v1' };

/** Judges by the schemas of Kubernetes, by the fields of its types, and by what its server refuses besides. */
async function judge(objects: readonly Found[]): Promise<void> {
  for (const object of objects) {
    const { apiVersion, kind } = object;
    const models = await import(`kubernetes-models/${modules[apiVersion] ?? apiVersion}`);
    new models[kind](object).validate();
    assert.deepEqual(unknownFields(object, declarationOf(apiVersion, kind)), [], kind);
  }
  assert.deepEqual(refusals(objects), []);
}

const hello = '[app.hello]\nroot = "/w"\n';
const full = `${hello}server_names = ["hello.test", "*.hello.test"]
certificate = "/c.pem"
certificate_key = "/k.pem"
redirect_https = true
health = "/up"
health_interval = "30s"
memory_max = "512M"
memory_high = "400M"
cpu_max = "150%"
requires = ["postgresql", "10.0.0.5:6379"]
env_file = "/w/.env"
startsecs = 3
[app.hello.env]
SECRET_KEY = "hunter2"
[app.hello.program.celery]
command = "celery worker"
[app.hello.program.nightly]
command = "manage.py clearsessions"
schedule = "0 3 * * mon-fri"
timezone = "Europe/Berlin"
time_limit = "2h"
catch_up = true
`;

test('every object is what the schemas of Kubernetes say, and has no field that they do not have', async () => {
  const objects = objectsOf(full, { autoscale: { least: 2, most: 5 }, registry: 'r.test/x', tag: '1' });
  await judge(objects);
  assert.deepEqual(
    objects.map(({ kind, metadata }) => `${kind} ${metadata.name.replace(/-[0-9a-f]{8}$/, '-X')}`),
    [
      'ConfigMap hello-env',
      'PersistentVolumeClaim hello-media',
      'Job hello-migrate-X',
      'Deployment hello',
      'Deployment hello-celery',
      'CronJob hello-nightly',
      'Service hello',
      'Ingress hello',
      'HorizontalPodAutoscaler hello',
    ],
  );
});

test('the judge finds a field that there is not, at any depth', () => {
  const wrong = {
    metadata: { nam: 'x' },
    spec: { template: { spec: { containers: [{ imagePullPolice: 'x' }] } } },
  };
  assert.deepEqual(unknownFields(wrong, declarationOf('apps/v1', 'Deployment')), [
    '.metadata.nam',
    '.spec.template.spec.containers[0].imagePullPolice',
  ]);
});

test('what only a server refuses is found', () => {
  const objects = objectsOf(full, { autoscale: { least: 2, most: 5 } });
  const wrong = (kind: string, from: string, to: string) => {
    const changed = objects.map(object =>
      object.kind === kind ? (JSON.parse(JSON.stringify(object).replace(from, to)) as Found) : object,
    );
    assert.equal(changed.length, objects.length);
    return refusals(changed);
  };
  for (const [kind, from, to] of [
    ['Service', '"name":"hello"', '"name":"9hello"'],
    ['Service', '"targetPort":"http"', '"targetPort":"https"'],
    [
      'Service',
      '"app.kubernetes.io/component":"hello"},"ports"',
      '"app.kubernetes.io/component":"x"},"ports"',
    ],
    ['Job', 'hello-migrate', `hello-migrate${'x'.repeat(50)}`],
    ['CronJob', 'hello-nightly', `hello-nightly${'x'.repeat(50)}`],
    ['CronJob', '"activeDeadlineSeconds":7200', '"activeDeadlineSeconds":0.5'],
    ['ConfigMap', '"DJANGO_SETTINGS_MODULE"', '"DJANGO SETTINGS"'],
    ['ConfigMap', 'hello-env', 'other-env'],
    ['PersistentVolumeClaim', 'hello-media', 'other-media'],
    ['Deployment', '"name":"wait"', '"name":"hello"'],
    ['Deployment', '"mountPath":"/tmp"', '"mountPath":"/tmp:x"'],
    ['Deployment', '"volumeMounts":[{"name":"tmp"', '"volumeMounts":[{"name":"temp"'],
    ['Deployment', '"memory":"419430400"', '"memory":"999999999"'],
    ['Deployment', '"minReadySeconds":3', '"minReadySeconds":600'],
    ['Deployment', '"containerPort":8000', '"containerPort":-1'],
    ['Ingress', '"host":"hello.test"', '"host":"10.0.0.5"'],
    ['Ingress', '"service":{"name":"hello"', '"service":{"name":"other"'],
    ['HorizontalPodAutoscaler', '"maxReplicas":5', '"maxReplicas":1'],
  ] as const)
    assert.notDeepEqual(wrong(kind, from, to), [], `${kind}: ${to}`);
});

test('a pod has no rights, and its site is asked with its own name', () => {
  const { spec } = only(objectsOf(full), 'Deployment', 'hello');
  const { securityContext, containers } = spec.template.spec;
  const [web] = containers;
  assert.equal(securityContext['runAsNonRoot'], true);
  assert.deepEqual(securityContext['seccompProfile'], { type: 'RuntimeDefault' });
  assert.deepEqual(web.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  assert.deepEqual(web.readinessProbe.httpGet, {
    path: '/up',
    port: 'http',
    httpHeaders: [
      { name: 'Host', value: 'hello.test' },
      { name: 'X-Forwarded-Proto', value: 'https' },
    ],
  });
  assert.deepEqual(web.resources, {
    limits: { memory: '536870912', cpu: '1500m' },
    requests: { memory: '419430400' },
  });
  assert.equal(spec.template.spec.terminationGracePeriodSeconds, 40);
});

test('what is run in a container is in each image of a Django site: its Python, and its own commands', () => {
  const toml = `${full}nice = 5\n[app.hello.program.slow]\ncommand = "/w/bin/celery"\nnice = 5\n`;
  for (const { spec } of objectsOf(toml).filter(({ kind }) => kind === 'Deployment')) {
    const { initContainers = [], containers } = spec.template.spec;
    const [{ command, lifecycle }] = containers;
    const words = [
      ...initContainers.map(wait => wait.command[0]),
      command[0],
      lifecycle?.preStop.exec.command[0],
    ];
    for (const word of words.filter(word => word !== undefined))
      assert.match(word, /^(\/w\/bin\/(python|gunicorn)|celery)$/);
  }
});

test('only where hostd asks after the start, too, a pod is killed for its answers', () => {
  const web = (toml: string) => only(objectsOf(toml), 'Deployment').spec.template.spec.containers[0];
  assert.equal(web(`${hello}health = "/up"\n`).livenessProbe, undefined);
  assert.deepEqual(web(hello).readinessProbe.tcpSocket, { port: 'http' });
  assert.ok(web(`${hello}health = "/up"\nhealth_interval = "9s"\n`).livenessProbe);
});

test('migrations are a job of each image, and new pods wait for them and for what is required', () => {
  const jobOf = (tag: string) => only(objectsOf(full, { tag }), 'Job').metadata.name;
  assert.equal(jobOf('1'), jobOf('1'));
  assert.notEqual(jobOf('1'), jobOf('2'));
  const [wait] = only(objectsOf(full), 'Deployment', 'hello').spec.template.spec.initContainers ?? [];
  assert.deepEqual(wait?.command.slice(3), ['postgresql:5432', '10.0.0.5:6379', '/w/hello/manage.py', '--']);
  assert.equal(
    objectsOf(full, { migrations: false }).some(({ kind }) => kind === 'Job'),
    false,
  );
});

test('a schedule is a CronJob with the same times, one run at once', () => {
  const { spec } = only(objectsOf(full), 'CronJob');
  assert.equal(spec.schedule, '0 3 * * 1,2,3,4,5');
  assert.equal(spec.timeZone, 'Europe/Berlin');
  assert.equal(spec.concurrencyPolicy, 'Forbid');
  assert.equal(spec.suspend, false);
  assert.equal(spec.jobTemplate.spec.activeDeadlineSeconds, 7200);
});

test('secrets and files of variables are references', () => {
  for (const file of emit(full)?.files ?? [])
    assert.ok(file.kind === 'file' && !file.text.includes('hunter2'));
  const [web] = only(objectsOf(full), 'Deployment', 'hello').spec.template.spec.containers;
  assert.deepEqual(web.env, [
    { name: 'SECRET_KEY', valueFrom: { secretKeyRef: { name: 'hello-secrets', key: 'SECRET_KEY' } } },
  ]);
  assert.deepEqual(web.envFrom, [
    { secretRef: { name: 'hello-env-file' } },
    { configMapRef: { name: 'hello-env' } },
  ]);
});

test('uploads are on a volume that several nodes share, where several copies or programs need it', () => {
  const modes = (toml: string, options: Partial<ContainerOptions>) =>
    only(objectsOf(toml, options), 'PersistentVolumeClaim').spec.accessModes;
  assert.deepEqual(modes(hello, {}), ['ReadWriteOnce']);
  assert.deepEqual(modes(hello, { replicas: 2 }), ['ReadWriteMany']);
  assert.equal(
    objectsOf(`${hello}media = false\n`).some(({ kind }) => kind === 'PersistentVolumeClaim'),
    false,
  );
});

test('the number of copies is given, or Kubernetes has it between two', () => {
  assert.equal(only(objectsOf(hello, { replicas: 3 }), 'Deployment').spec.replicas, 3);
  const scaled = objectsOf(hello, { autoscale: { least: 2, most: 5 } });
  assert.equal(only(scaled, 'Deployment').spec.replicas, undefined);
  const { minReplicas, maxReplicas } = only(scaled, 'HorizontalPodAutoscaler').spec;
  assert.deepEqual([minReplicas, maxReplicas], [2, 5]);
});

test('programs of different apps never have one name', () => {
  const toml = `${hello}[app.hello.program.celery]\ncommand = "x"\n[app.hello-celery]\nroot = "/v"\n`;
  const names = objectsOf(toml)
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ metadata }) => metadata.name);
  assert.deepEqual(names.toSorted(), ['hello', 'hello-celery', 'hello-celery-2']);
});

test('bounds, times and names that do not go together here are still what a server takes', async () => {
  const bytes = fc.integer({ min: 1, max: 2000 }).map(count => `"${count}M"`);
  const keys = fc.record(
    {
      startsecs: fc.double({ min: 0, max: 1000, noNaN: true }).map(String),
      memory_max: bytes,
      memory_high: bytes,
      cpu_max: fc.integer({ min: 1, max: 900 }).map(count => `"${count}%"`),
      stopwaitsecs: fc.double({ min: 1, max: 1000, noNaN: true }).map(String),
      autostart: fc.boolean().map(String),
    },
    { requiredKeys: [] },
  );
  const site = fc.record(
    {
      media: fc.constantFrom('"/tmp"', '"/w:x/media"', '"/m"', 'false'),
      health: fc.constant('"/up?a=b"'),
      server_names: fc.constantFrom('["10.0.0.5"]', '["*.x.test", "a_b.test"]', '["y.localhost"]'),
      user: fc.constantFrom('"0"', '"root"', '"1234"'),
    },
    { requiredKeys: [] },
  );
  const choice = fc.record({
    replicas: fc.integer({ min: 1, max: 5 }),
    autoscale: fc.constantFrom(null, { least: 1, most: 3 }),
  });
  const lines = (table: Readonly<Record<string, string | undefined>>) =>
    Object.entries(table)
      .map(([key, value]) => `${key} = ${value}\n`)
      .join('');
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,70}$/).filter(text => text !== 'all');
  const part = fc.oneof(name, fc.constantFrom('wait', 'migrate', 'media', 'hello'));
  await fc.assert(
    fc.asyncProperty(
      name,
      part,
      keys,
      site,
      keys,
      choice,
      async (app, program, given, more, own, options) => {
        const { memory_high: _high, ...others } = own;
        const toml = `[app."${app}"]\nroot = "/w"\n${lines({ ...given, ...more })}[app."${app}".program."${program}"]\ncommand = "x"\n${lines(others)}`;
        await judge(objectsOf(toml, options));
      },
    ),
    { numRuns: 40 },
  );
});

test('whatever names, values and words are, the objects are valid and the app gets the same', async () => {
  const odd = fc
    .oneof(
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
        '$(X)',
        '$$(X)',
        '$X',
        '*a',
        '!!a',
        "'",
        '"',
        '',
      ),
      fc.string({ unit: 'grapheme' }),
    )
    .map(text => text.replace(/[\0\ud800-\udfff]/g, ''));
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,70}$/).filter(text => text !== 'all');
  await fc.assert(
    fc.asyncProperty(name, name, odd, odd, async (app, program, text, word) => {
      const [list, value] = [[word.replaceAll('%', '%%')], text].map(given => JSON.stringify(given));
      const quoted = (given = '') => given.replace(/\u007f/g, '\\u007f');
      const toml = `[app."${app}"]\nroot = "/w"\n[app."${app}".env]\nODD = ${quoted(value)}\n[app."${app}".program."${program}"]\ncommand = ["x", ${quoted(list).slice(1)}\n`;
      const objects = objectsOf(toml, { migrations: false });
      await judge(objects);
      const [, other] = objects.filter(({ kind }) => kind === 'Deployment');
      assert.equal(only(objects, 'ConfigMap').data['ODD'], text);
      assert.equal(other?.spec.template.spec.containers[0].command[1]?.replaceAll('$$', '$'), word);
    }),
    { numRuns: 40 },
  );
});
