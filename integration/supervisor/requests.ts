// Requests to either side: every method with good and bad arguments, texts that are XML-RPC and that are not, and the HTTP around them.

import { help } from '../../src/rpc/methods/help.ts';

/** A parameter as XML: what a client of Python's would send for it. */
type Param = string | number | boolean | null | readonly Param[] | { readonly [name: string]: Param };

export interface Request {
  readonly name: string;
  readonly bytes: Buffer;
}

function xml(value: Param): string {
  if (value === null) return '<value><nil/></value>';
  if (typeof value === 'boolean') return `<value><boolean>${value ? 1 : 0}</boolean></value>`;
  if (typeof value === 'number')
    return Number.isInteger(value)
      ? `<value><int>${value}</int></value>`
      : `<value><double>${value}</double></value>`;
  if (typeof value === 'string') return `<value><string>${value.replaceAll('<', '&lt;')}</string></value>`;
  if (Array.isArray(value)) return `<value><array><data>${value.map(xml).join('')}</data></array></value>`;
  const members = Object.entries(value).map(
    ([name, one]) => `<member><name>${name}</name>${xml(one)}</member>`,
  );
  return `<value><struct>${members.join('')}</struct></value>`;
}

export function callBody(method: string, params: readonly Param[]): string {
  const list = params.map(one => `<param>${xml(one)}</param>`).join('');
  return `<?xml version='1.0'?>\n<methodCall>\n<methodName>${method}</methodName>\n<params>\n${list}</params>\n</methodCall>\n`;
}

export function post(body: string, more = '', version = 'HTTP/1.1'): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([
    Buffer.from(
      `POST /RPC2 ${version}\r\nHost: x\r\nContent-Length: ${bytes.length}\r\n${more}\r\n`,
      'latin1',
    ),
    bytes,
  ]);
}

export function call(method: string, ...params: readonly Param[]): Request {
  return { name: `${method}(${JSON.stringify(params).slice(1, -1)})`, bytes: post(callBody(method, params)) };
}

const names: readonly Param[] = [
  'cat',
  'man',
  'bad',
  'nosuch',
  'cat:cat',
  'nosuch:*',
  'cat:',
  '',
  'cat:nosuch',
  'foo:foo_00',
  'foo:*',
  1,
  true,
  1.5,
  null,
  [],
  { a: 1 },
  'é',
];

const ranges: readonly (readonly Param[])[] = [
  [0, 0],
  [-5, 0],
  [-5, 3],
  [0, -1],
  [2, 3],
  ['a', 0],
  [null, 0],
  ['0', '0'],
  [1_000_000, 5],
  [1.5, 2.5],
  [[], 0],
  [0],
  [0, 0, 0],
  [true, false],
];

/** Of what is there and what is not; nothing that runs is stopped. */
export const methodCalls: readonly Request[] = [
  ...names.flatMap(name => [
    ...['getProcessInfo', 'clearProcessLogs', 'clearProcessLog'].map(method =>
      call(`supervisor.${method}`, name),
    ),
    call('supervisor.addProcessGroup', name),
    call('system.methodHelp', name),
    call('system.methodSignature', name),
    call('supervisor.startProcess', name === 'cat:' ? 'nosuch:' : name, false),
    call('supervisor.startProcessGroup', name),
    call('supervisor.sendProcessStdin', name, ''),
    call('supervisor.sendProcessStdin', name, 5),
    call('supervisor.signalProcess', name, 'HUPP'),
  ]),
  ...[1, null, [], { a: 1 }, 'nosuch', 'cat', 'é'].map(name => call('supervisor.removeProcessGroup', name)),
  ...[1, null, [], { a: 1 }, 'nosuch', 'bad', 'nosuch:*', 'é'].flatMap(name => [
    call('supervisor.stopProcess', name),
    call('supervisor.stopProcessGroup', name),
  ]),
  ...ranges.flatMap(range => [
    ...['cat', 'bad', 'nosuch', 'foo:*'].flatMap(name =>
      [
        'readProcessStdoutLog',
        'readProcessLog',
        'readProcessStderrLog',
        'tailProcessStdoutLog',
        'tailProcessLog',
        'tailProcessStderrLog',
      ].map(method => call(`supervisor.${method}`, name, ...range)),
    ),
  ]),
  ...['SIGCONT', 'cont', '18', 18, 0, 'HUPP', null, [], 99, '_dfl', ''].flatMap(signal => [
    call('supervisor.signalProcess', 'cat', signal),
    call('supervisor.signalProcess', 'man', signal),
    call('supervisor.signalProcess', 'nosuch', signal),
    call('supervisor.signalProcess', 'foo:*', signal),
    call('supervisor.signalProcessGroup', 'foo', signal),
  ]),
  ...[
    'getState',
    'getVersion',
    'getAPIVersion',
    'getSupervisorVersion',
    'getIdentification',
    'reloadConfig',
    'getAllProcessInfo',
    'getPID',
    'nope',
    '_update',
    'update_text',
  ].flatMap(method => [call(`supervisor.${method}`), call(`supervisor.${method}`, 1)]),
  ...['foo', 'foo.bar', 'a.b.c', 'system.nope', 'system.', '.', 'supervisor', 'keys.x', 'supervisor._x'].map(
    method => call(method),
  ),
  ...Object.keys(help).flatMap(method => [
    call('system.methodHelp', method),
    call('system.methodSignature', method),
  ]),
  call('system.listMethods'),
  call('supervisor.sendRemoteCommEvent', 'type', 'data'),
  ...(
    [
      [],
      '',
      'abc',
      5,
      null,
      {},
      [1],
      [{}],
      [{ methodName: 'system.multicall' }],
      [{ methodName: 'supervisor.getState' }],
      [{ methodName: 'supervisor.getState', params: [1] }, { methodName: 'nope' }],
      [{ methodName: 5 }],
      [{ methodName: null }],
      [{ methodName: 'supervisor.getProcessInfo', params: [1] }],
      [{ methodName: 'supervisor.getState', params: null }],
      [{ methodName: 'supervisor.getState', params: 'ab' }],
      [{ methodName: 'supervisor.getProcessInfo', params: { bad: 1 } }],
      [{ methodName: 'supervisor.startProcess', params: ['bad'] }, { methodName: 'supervisor.getVersion' }],
    ] as readonly Param[]
  ).map(calls => call('system.multicall', calls)),
];

const values = [
  '<value>cat</value>',
  '<value> cat </value>',
  '<value/>',
  '<value><int>x</int></value>',
  '<value><i4> 5 </i4></value>',
  '<value><i8>5</i8></value>',
  '<value><double>1e30</double></value>',
  '<value><base64>YmFk</base64></value>',
  '<value><base64>Y2</base64></value>',
  '<value><base64>/w==</base64></value>',
  '<value><dateTime.iso8601>20200101T00:00:00</dateTime.iso8601></value>',
  '<value><dateTime.iso8601>x</dateTime.iso8601></value>',
  '<value><array/></value>',
  '<value><struct><member><name>a</name></member></struct></value>',
  '',
  '<string>bad</string>',
  '<value>&amp;</value>',
  '<value>&foo;</value>',
  '<value><![CDATA[bad]]></value>',
  '<value><string>c<b/>at</string></value>',
  '<value><string>a</string><string>b</string></value>',
  '<value>&#99;at</value>',
  '<value>&#0;</value>',
  '<value><int>1_0</int></value>',
  '<value><int>99999999999999999999</int></value>',
].map(
  value =>
    `<methodCall><methodName>supervisor.getProcessInfo</methodName><params><param>${value}</param></params></methodCall>`,
);

const getState = '<methodCall><methodName>supervisor.getState</methodName></methodCall>';

export const documents: readonly Request[] = [
  ...values,
  '<',
  '<a/>',
  '<methodCall/>',
  '<methodCall><methodName/></methodCall>',
  '<methodName>supervisor.getState</methodName>',
  '<methodCall><methodName> supervisor.getState</methodName></methodCall>',
  `<!DOCTYPE a>${getState}`,
  `<?xml version="1.0" encoding="latin-1"?>${getState}`,
  `${getState}x`,
  `x${getState}`,
  '\n<?xml version="1.0"?><a/>',
  '<a b="1" b="2"/>',
  '<a><b></a></b>',
  `\ufeff${getState}`,
  '<methodCall xmlns="x"><methodName>supervisor.getState</methodName></methodCall>',
  '<a>\u0001</a>',
].map(body => ({ name: body, bytes: post(body) }));

const raw = (text: string): Request => ({ name: JSON.stringify(text), bytes: Buffer.from(text, 'latin1') });

export const http: readonly Request[] = [
  { name: 'HTTP/1.0', bytes: post(getState, '', 'HTTP/1.0') },
  { name: 'HTTP/1.0, kept', bytes: post(getState, 'Connection: keep-alive\r\n', 'HTTP/1.0') },
  { name: 'closed', bytes: post(getState, 'Connection: close\r\n') },
  { name: 'an expectation', bytes: post(getState, 'Expect: 100-continue\r\n') },
  { name: 'a password for nobody', bytes: post(getState, 'Authorization: Basic Og==\r\n') },
  ...[
    'GET /RPC2 HTTP/1.1\r\n\r\n',
    'POST /RPC2 HTTP/1.1\r\n\r\n',
    'POST /RPC2 HTTP/1.1\r\nContent-Length: x\r\n\r\n',
    'POST /RPC2 HTTP/1.1\r\nContent-Length:5\r\n\r\nabcde',
    'POST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'PUT /RPC2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nab',
    'get /RPC2 HTTP/1.1\r\n\r\n',
    'GET /nope HTTP/1.1\r\n\r\n',
    'HEAD /nope HTTP/1.1\r\n\r\n',
    'POST /nope HTTP/1.1\r\n\r\n',
    'GET /nope\r\n\r\n',
    'GET /nope HTTP/9.9\r\n\r\n',
    'FOO\r\n\r\n',
    '\r\n\r\n',
    '\r\nGET /nope HTTP/1.1\r\n\r\n',
    'GET  /nope HTTP/1.1\r\n\r\n',
    'GET /nope HTTP/1.1\r\n X: y\r\n\r\n',
    'GET /\xff HTTP/1.1\r\n\r\n',
    'POST /RPC2 HTTP/1.1\r\nContent-Length: 2\r\n\r\n\xff\xfe',
    'GET /logtail HTTP/1.1\r\n\r\n',
    'GET /logtail/nope HTTP/1.1\r\n\r\n',
    'GET /logtail/cat/foo HTTP/1.1\r\n\r\n',
    'GET /logtail/cat HTTP/1.1\r\n\r\n',
    'POST /logtail/cat HTTP/1.1\r\n\r\n',
    'GET /logtail/cat:cat/stdout HTTP/1.1\r\n\r\n',
    'GET /logtail/foo:*/stdout HTTP/1.1\r\n\r\n',
    'GET /log%74ail/cat/stderr HTTP/1.1\r\nHost: \r\nAccept-Encoding: chunked\r\n\r\n\r\n',
    'GET /logtail/bad HTTP/1.1\r\n\r\n',
    'POST /mainlogtail HTTP/1.1\r\n\r\n',
    'GET /stylesheets/x.css HTTP/1.1\r\n\r\n',
  ].map(raw),
];

const basic = (text: string | Buffer) => `Authorization: Basic ${Buffer.from(text).toString('base64')}\r\n`;

/** To a server that asks for a password. */
export const logins: readonly Request[] = [
  '',
  basic('u:geheim'),
  basic('u:falsch'),
  basic('v:geheim'),
  basic('u'),
  basic(':'),
  basic(Buffer.from([255, 58])),
  'Authorization: Basic a\r\n',
  'Authorization: Basic !!\r\n',
  'Authorization: Digest x\r\n',
  'Authorization: Basic\r\n',
].map(field => ({ name: `a call with ${JSON.stringify(field)}`, bytes: post(getState, field) }));
