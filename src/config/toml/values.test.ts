import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { showValue } from './decoded.ts';
import { tomlValue } from './toml-values.test.ts';
import { decoders, type Kind, tidyPath } from './values.ts';

/** The value, or "reason; example". */
function read(kind: Kind, value: unknown): unknown {
  const decoded = decoders[kind](value);
  return decoded.ok ? decoded.value : `${decoded.reason}; ${decoded.example}`;
}

const cases: readonly [Kind, unknown, unknown][] = [
  ['text', 'a b', 'a b'],
  ['text', '  ', 'it is empty; "..."'],
  ['text', 'a\u0000b', 'it has a control character; "..."'],
  ['text', 7, 'it must be a text; "7"'],
  ['path', '/a//b/./c/../d/', '/a/b/d'],
  ['path', 'a/b', 'it is not an absolute path; "/a/b"'],
  ['path or false', false, false],
  ['path or false', true, 'it must be a text; "/..."'],
  ['upstreams', ['[0::1]:80', '[::1]:80'], [{ host: '::1', port: 80 }]],
  [
    'upstreams',
    ['web1:8000'],
    '"web1:8000": it must be a numeric address and a port: names are not looked up; ["10.0.0.5:8000", "10.0.0.6:8000"]',
  ],
  [
    'upstreams',
    ['http://10.0.0.5:8000'],
    '"http://10.0.0.5:8000": it must be an address and a port alone, without a scheme; ["10.0.0.5:8000", "10.0.0.6:8000"]',
  ],
  [
    'upstreams',
    ['0.0.0.0:80'],
    '"0.0.0.0:80": it means every address of a machine, and none to connect to; ["10.0.0.5:8000", "10.0.0.6:8000"]',
  ],
  ['upstreams', [], 'it is empty: without it the app runs here; ["10.0.0.5:8000", "10.0.0.6:8000"]'],
  ['account', 'www-data', 'www-data'],
  ['account', '1000', '1000'],
  ['account', 'a:b', 'it is no name of a user or group; "www-data"'],
  ['module', 'hello.wsgi:app', 'hello.wsgi:app'],
  ['module', '--bind', 'it is no Python module; "hello.wsgi"'],
  ['boolean', true, true],
  ['boolean', 'yes', 'it must be true or false; true'],
  ['count', 3, 3],
  ['count', 0, 'it must be a whole number, 1 or more; 3'],
  ['count', '8', 'it must be a whole number, 1 or more; 8'],
  ['natural', 0, 0],
  ['natural', 1.5, 'it must be a whole number, 0 or more; 3'],
  ['integer', -1, -1],
  ['seconds', 0.5, 0.5],
  ['seconds', -1, 'it must be a number of seconds, 0 to 1000000; 10'],
  ['seconds', Number.NaN, 'it must be a number of seconds, 0 to 1000000; 10'],
  ['size', '4G', 4294967296],
  ['size', 0, 0],
  [
    'size',
    '10 bananas',
    'it must be bytes, or a number with K, M or G (or KB, MB, GB); 0 is no limit; "50MB"',
  ],
  ['umask', '027', 0o027],
  ['umask', 0o022, 0o022],
  ['umask', 22, 'it must be octal digits in a text; "022"'],
  ['umask', '0888', 'it must be octal digits in a text; "022"'],
  ['words', "a 'b c'", ['a', 'b c']],
  ['words', ['a', 'b c'], ['a', 'b c']],
  ['words', "a 'b", "a ' is never closed; '...'"],
  ['words', ['a', 1], 'it must be a text, or a list of texts; ["/usr/bin/env", "sleep", "60"]'],
  ['names', 'a, b', 'it must be a list; ["a", "b"]'],
  [
    'hosts',
    ['Hello.TEST.', 'bücher.example', '10.0.0.1', '*.Test'],
    ['hello.test', 'xn--bcher-kva.example', '10.0.0.1', '*.test'],
  ],
  ['hosts', 'hello.test', 'it must be a list; ["hello.test"]'],
  [
    'hosts',
    ['http://hello.test'],
    '"http://hello.test": it is no host name: without scheme, port and path; ["hello.test"]',
  ],
  [
    'hosts',
    ['hello.test:80'],
    '"hello.test:80": it is no host name: without scheme, port and path; ["hello.test"]',
  ],
  ['hosts', ['a.*.test'], '"a.*.test": it is no host name: without scheme, port and path; ["hello.test"]'],
  [
    'addresses',
    ['0.0.0.0:80', '[::1]:8080'],
    [
      { host: '0.0.0.0', port: 80 },
      { host: '::1', port: 8080 },
    ],
  ],
  ['addresses', ['80'], '"80": it must be an address and a port; ["0.0.0.0:80", "[::]:80"]'],
  [
    'addresses',
    ['1.2.3.4:70000'],
    '"1.2.3.4:70000": it must be an address and a port; ["0.0.0.0:80", "[::]:80"]',
  ],
  [
    'addresses',
    ['1.2.3.400:80'],
    '"1.2.3.400:80": it must be an address and a port; ["0.0.0.0:80", "[::]:80"]',
  ],
  ['addresses', ['[::x]:80'], '"[::x]:80": it must be an address and a port; ["0.0.0.0:80", "[::]:80"]'],
  ['duration', 90, 90],
  ['duration', '1d', 86_400],
  ['duration', '2 w', 1_209_600],
  ['duration', 0, 0],
  ['duration', '1y', 'it must be whole seconds, or a number with s, m, h, d or w; 0 is never; "1d"'],
  ['duration', -1, 'it must be whole seconds, or a number with s, m, h, d or w; 0 is never; "1d"'],
  ['uri', '/healthz?x=1', '/healthz?x=1'],
  ['uri', 'healthz', 'it must be a path that begins with "/"; "/healthz"'],
  ['uri', '/a b', 'it must be a path that begins with "/"; "/healthz"'],
  ['restart', true, 'always'],
  ['restart', false, 'never'],
  ['restart', 'unexpected', 'unexpected'],
  ['restart', 'sometimes', 'it must be true, false or "unexpected"; "unexpected"'],
  ['exitcodes', '0,2', [0, 2]],
  ['exitcodes', '', []],
  ['exitcodes', 3, [3]],
  ['exitcodes', [256], 'it must be a list of exit codes, 0 to 255; [0, 2]'],
  ['signal', 'usr1', 'SIGUSR1'],
  ['signal', 'TREM', 'there is no such signal; "TERM"'],
  ['signal', 'HUPP', 'there is no such signal; "HUP"'],
  ['environment', { A: '1', PORT: 80 }, { A: '1', PORT: '80' }],
  ['environment', 'A="1",B=2', { A: '1', B: '2' }],
  ['environment', 'A', 'its beginning is not KEY="value"; { DEBUG = "0" }'],
  ['environment', { DEBUG: true }, 'DEBUG must be a text; { DEBUG = "..." }'],
  ['environment', { LISTEN_FDS: '1' }, 'LISTEN_FDS is set by hostd; { DEBUG = "0" }'],
  ['environment', ['A'], 'it must be a table; { DEBUG = "0" }'],
  [
    'limits',
    { nofile: 4096, core: 0, as: '2G', cpu: [10, 'unlimited'] },
    {
      nofile: { soft: 4096, hard: 4096 },
      core: { soft: 0, hard: 0 },
      as: { soft: 2147483648, hard: 2147483648 },
      cpu: { soft: 10, hard: null },
    },
  ],
  ['limits', { nofiles: 1 }, 'there is no limit "nofiles"; { nofile = 4096 }'],
  ['limits', { nofile: [2, 1] }, 'nofile: the soft limit is above the hard one; { nofile = [1, 1] }'],
  [
    'limits',
    { nofile: 'many' },
    'nofile must be a number, a size, "unlimited", or [soft, hard]; { nofile = 4096, core = 0 }',
  ],
  [
    'networks',
    ['10.1.2.3/8', '192.0.2.7', '2001:DB8:0::FFFF/33', '::1', '0.0.0.0/0', '::/0'],
    ['10.0.0.0/8', '192.0.2.7/32', '2001:db8::/33', '::1/128', '0.0.0.0/0', '::/0'],
  ],
  [
    'networks',
    ['10.0.0.0/8', '10.0.0.0/33'],
    '"10.0.0.0/33": a prefix is at most 32 bits long; ["10.0.0.0/8"]',
  ],
  ['address or path', '/run/a//b.sock', { path: '/run/a/b.sock' }],
  ['address or path', '127.0.0.1:9001', { host: '127.0.0.1', port: 9001 }],
  ['address or path', 'localhost', 'it must be an address and a port, or a path; "127.0.0.1:9001"'],
  ['web rights', 'read', 'read'],
  ['web rights', true, 'it must be "read" or "operate"; "read"'],
  ['networks', ['10.0.0'], '"10.0.0": it is no address and no CIDR block; ["10.0.0.0/8"]'],
  ['networks', ['proxy.test'], '"proxy.test": it is no address and no CIDR block; ["10.0.0.0/8"]'],
  ['networks', ['::1/'], '"::1/": it is no address and no CIDR block; ["10.0.0.0/8"]'],
  ['networks', '10.0.0.0/8, ::1', 'it must be a list; ["10.0.0.0/8", "::1"]'],
  ['log format', 'json', 'json'],
  ['log format', 'combined_id', 'combined_id'],
  ['log format', 'combine', 'it must be "combined", "combined_id" or "json"; "combined"'],
  ['log format', true, 'it must be "combined", "combined_id" or "json"; "json"'],
];

for (const [kind, value, expected] of cases)
  test(`a ${kind} ${JSON.stringify(value)} is read as ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(read(kind, value), expected);
  });

test('no value under any kind of key throws', () => {
  fc.assert(
    fc.property(fc.constantFrom(...(Object.keys(decoders) as Kind[])), tomlValue, (kind, value) => {
      assert.equal(typeof decoders[kind](value).ok, 'boolean');
      assert.equal(typeof showValue(value), 'string');
    }),
    { numRuns: 2000 },
  );
});

test('a tidied path stays as it is, and has nothing to tidy', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '..', '.', '', 'b c')), parts => {
      const path = tidyPath(`/${parts.join('/')}`);
      assert.equal(tidyPath(path), path);
      assert.doesNotMatch(path, /\/\/|\/\.\.?(\/|$)|.\/$/);
    }),
  );
});

test('a long value is cut in a message', () => {
  assert.equal(showValue('x'.repeat(100)), `"${'x'.repeat(56)}...`);
});

test('the name of a variable is one that every shell takes', () => {
  for (const name of ['A=B', 'A-B', '1A', 'A B', 'A\nB', 'A;id', 'Ä', '', '__proto__', '$(id)']) {
    const read = decoders.environment(JSON.parse(`{ ${JSON.stringify(name)}: "1" }`));
    const why = `${JSON.stringify(name)} is no name of a variable: letters, digits and "_", no digit first`;
    assert.equal(read.ok ? '' : read.reason, why);
  }
});
