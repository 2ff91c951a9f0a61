// What a Kubernetes API server refuses although each field has the right type: names, references, and values that do not go together.
// Written after its own validation (k8s.io/kubernetes/pkg/apis/*/validation). Shared by the tests of this folder; has no test of its own.

type Value = unknown;

/** An object, or a piece of one. */
interface Piece {
  readonly [field: string]: Value;
}

/** RFC 1123 and RFC 1035, as apimachinery's util/validation has them. */
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const oldLabel = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const portName = /^(?=[a-z0-9-]{1,15}$)(?!-)(?!.*--)(?!.*-$)(?=.*[a-z])/;
const labelValue = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
const configKey = /^[A-Za-z0-9._-]{1,253}$/;
const variable = /^[A-Za-z_][A-Za-z0-9_]*$/;

function isSubdomain(name: string): boolean {
  return name.length <= 253 && name.split('.').every(part => label.test(part));
}

const isAddress = (name: string) => /^[0-9.]+$/.test(name) || name.includes(':');

/** What is wrong with the objects, which are applied together; each with the place. */
export function refusals(objects: readonly unknown[]): readonly string[] {
  const all = objects.map(object => object as Piece);
  const titles = all.map(object => `${text(object['kind'])} ${text(piece(object['metadata'])['name'])}`);
  const twice = titles.filter((title, at) => titles.indexOf(title) !== at);
  return [
    ...twice.map(title => `${title}: it is there twice`),
    ...all.flatMap((object, at) => ofObject(object, all).map(what => `${titles[at]}: ${what}`)),
  ];
}

function ofObject(object: Piece, all: readonly Piece[]): readonly string[] {
  const kind = text(object['kind']);
  const metadata = piece(object['metadata']);
  const name = text(metadata['name']);
  const spec = piece(object['spec']);
  const longest: Readonly<Record<string, number>> = { CronJob: 52, Job: 63, Service: 63 };
  const isName = kind === 'Service' ? oldLabel.test(name) : isSubdomain(name);
  return [
    ...unless(isName && name.length <= (longest[kind] ?? 253), `name ${name}`),
    ...labelsWrong(metadata),
    ...numbersWrong(spec, 'spec'),
    ...(kind === 'ConfigMap' ? configMapWrong(piece(object['data'])) : []),
    ...(kind === 'Deployment' ? deploymentWrong(spec, all) : []),
    ...(kind === 'Job' ? jobWrong(spec, all) : []),
    ...(kind === 'CronJob' ? jobWrong(piece(piece(spec['jobTemplate'])['spec']), all) : []),
    ...(kind === 'Service' ? serviceWrong(spec, all) : []),
    ...(kind === 'Ingress' ? ingressWrong(spec, all) : []),
    ...(kind === 'HorizontalPodAutoscaler' ? scalerWrong(spec, all) : []),
  ];
}

function labelsWrong(metadata: Piece): readonly string[] {
  return Object.entries(piece(metadata['labels'])).flatMap(([key, value]) =>
    unless(labelValue.test(text(value)), `label ${key}: ${text(value)}`),
  );
}

/** All are int32, and none of them negative. */
function numbersWrong(value: Value, path: string): readonly string[] {
  if (typeof value === 'number')
    return unless(Number.isInteger(value) && value >= 0 && value < 2 ** 31, `${path}: ${value}`);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersWrong(inner, `${path}.${key}`));
}

/** A key that is no name of a variable is no fault of the object, but no container gets it. */
function configMapWrong(data: Piece): readonly string[] {
  return Object.entries(data).flatMap(([key, value]) =>
    unless(configKey.test(key) && variable.test(key) && typeof value === 'string', `data: ${key}`),
  );
}

function deploymentWrong(spec: Piece, all: readonly Piece[]): readonly string[] {
  const template = piece(spec['template']);
  const wanted = piece(piece(spec['selector'])['matchLabels']);
  const own = piece(piece(template['metadata'])['labels']);
  const { progressDeadlineSeconds = 600, minReadySeconds = 0 } = spec;
  const rolling = piece(piece(spec['strategy'])['rollingUpdate']);
  return [
    ...unless(
      Object.keys(wanted).length > 0 && Object.entries(wanted).every(([key, value]) => own[key] === value),
      'its selector does not match its pods',
    ),
    ...unless(
      Number(progressDeadlineSeconds) > Number(minReadySeconds),
      `minReadySeconds ${minReadySeconds}`,
    ),
    ...unless(rolling['maxSurge'] !== 0 || rolling['maxUnavailable'] !== 0, 'its roll-out cannot move'),
    ...podWrong(template, all, ['Always']),
  ];
}

function jobWrong(spec: Piece, all: readonly Piece[]): readonly string[] {
  return podWrong(piece(spec['template']), all, ['Never', 'OnFailure']);
}

function podWrong(template: Piece, all: readonly Piece[], policies: readonly string[]): readonly string[] {
  const spec = piece(template['spec']);
  const { restartPolicy = 'Always' } = spec;
  const containers = [...pieces(spec['initContainers']), ...pieces(spec['containers'])];
  const volumes = pieces(spec['volumes']);
  const named = [containers, volumes].map(list => list.map(({ name }) => text(name)));
  const claims = volumes.flatMap(volume => {
    const claim = piece(volume['persistentVolumeClaim'])['claimName'];
    return claim === undefined ? [] : [text(claim)];
  });
  return [
    ...labelsWrong(piece(template['metadata'])),
    ...unless(policies.includes(text(restartPolicy)), `restartPolicy ${text(restartPolicy)}`),
    ...named.flatMap(names => [
      ...names.filter(name => !label.test(name)).map(name => `name ${name}`),
      ...names.filter((name, at) => names.indexOf(name) !== at).map(name => `${name} is there twice`),
    ]),
    ...claims.flatMap(name => needs(all, 'PersistentVolumeClaim', name)),
    ...containers.flatMap(container => containerWrong(container, named[1] ?? [], all)),
  ];
}

function containerWrong(
  container: Piece,
  volumes: readonly string[],
  all: readonly Piece[],
): readonly string[] {
  const mounts = pieces(container['volumeMounts']);
  const paths = mounts.map(({ mountPath }) => text(mountPath));
  const ports = pieces(container['ports']).map(({ name }) => text(name));
  const asked = ['startupProbe', 'readinessProbe', 'livenessProbe'].flatMap(probe => {
    const { httpGet, tcpSocket } = piece(container[probe]);
    const { port } = piece(httpGet ?? tcpSocket);
    return port === undefined ? [] : [text(port)];
  });
  const maps = pieces(container['envFrom']).flatMap(({ configMapRef }) =>
    configMapRef === undefined ? [] : [text(piece(configMapRef)['name'])],
  );
  return [
    ...unless(text(container['image']).trim() !== '', 'no image'),
    ...mounts.flatMap(({ name }) => unless(volumes.includes(text(name)), `no volume ${text(name)}`)),
    ...paths.filter((path, at) => paths.indexOf(path) !== at).map(path => `${path} is mounted twice`),
    ...paths.flatMap(path => unless(path !== '' && !path.includes(':'), `mountPath ${path}`)),
    ...unless(text(container['workingDir']).startsWith('/'), 'workingDir'),
    ...ports.flatMap(name => unless(portName.test(name), `port ${name}`)),
    ...asked.flatMap(name => unless(ports.includes(name), `a probe of port ${name}`)),
    ...pieces(container['env']).flatMap(({ name }) => unless(variable.test(text(name)), `env ${text(name)}`)),
    ...maps.flatMap(name => needs(all, 'ConfigMap', name)),
    ...resourcesWrong(piece(container['resources'])),
  ];
}

function resourcesWrong({ limits, requests }: Piece): readonly string[] {
  return Object.entries(piece(requests)).flatMap(([name, value]) => {
    const limit = piece(limits)[name];
    return unless(
      limit === undefined || quantity(value) <= quantity(limit),
      `it requests more ${name} than its limit`,
    );
  });
}

/** Whole numbers, of bytes or of processors, and thousandths ("m"): what is emitted. */
function quantity(value: Value): number {
  const found = /^(\d+)(m?)$/.exec(text(value));
  return found === null ? Number.NaN : Number(found[1]) / (found[2] === 'm' ? 1000 : 1);
}

function serviceWrong(spec: Piece, all: readonly Piece[]): readonly string[] {
  const wanted = Object.entries(piece(spec['selector']));
  const pods = all
    .filter(({ kind }) => kind === 'Deployment')
    .map(object => piece(piece(object['spec'])['template']))
    .filter(({ metadata }) =>
      wanted.every(([key, value]) => piece(piece(metadata)['labels'])[key] === value),
    );
  const named = pods.flatMap(({ spec: pod }) =>
    pieces(piece(pod)['containers']).flatMap(({ ports }) => pieces(ports).map(({ name }) => name)),
  );
  return [
    ...unless(pods.length === 1, `${pods.length} Deployments have its pods`),
    ...pieces(spec['ports']).flatMap(({ name, targetPort }) => [
      ...unless(label.test(text(name)), `port ${text(name)}`),
      ...unless(named.includes(targetPort), `no port ${text(targetPort)} in its pods`),
    ]),
  ];
}

function ingressWrong(spec: Piece, all: readonly Piece[]): readonly string[] {
  const rules = pieces(spec['rules']);
  const tls = pieces(spec['tls']).flatMap(({ hosts }) => (Array.isArray(hosts) ? hosts.map(text) : []));
  const backends = rules.flatMap(({ http }) =>
    pieces(piece(http)['paths']).map(({ backend }) => piece(piece(backend)['service'])),
  );
  return [
    ...unless(rules.length > 0, 'no rules'),
    ...[...rules.map(({ host }) => text(host)), ...tls].flatMap(host =>
      unless(isSubdomain(host.replace(/^\*\./, '')) && !isAddress(host), `host ${host}`),
    ),
    ...backends.flatMap(({ name }) => needs(all, 'Service', text(name))),
  ];
}

function scalerWrong(spec: Piece, all: readonly Piece[]): readonly string[] {
  const { minReplicas = 1, maxReplicas = 0 } = spec;
  return [
    ...unless(Number(minReplicas) >= 1 && Number(minReplicas) <= Number(maxReplicas), 'minReplicas'),
    ...needs(all, 'Deployment', text(piece(spec['scaleTargetRef'])['name'])),
  ];
}

function needs(all: readonly Piece[], kind: string, name: string): readonly string[] {
  const isThere = all.some(object => object['kind'] === kind && piece(object['metadata'])['name'] === name);
  return unless(isThere, `there is no ${kind} ${name}`);
}

function unless(isRight: boolean, what: string): readonly string[] {
  return isRight ? [] : [what];
}

function piece(value: Value): Piece {
  return typeof value === 'object' && value !== null ? (value as Piece) : {};
}

function pieces(value: Value): readonly Piece[] {
  return Array.isArray(value) ? value.map(piece) : [];
}

function text(value: Value): string {
  return value === undefined ? '' : String(value);
}
