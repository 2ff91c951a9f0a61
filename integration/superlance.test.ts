// superlance's listeners, as PyPI has them, under hostd: they mail of crashes, and restart what does not answer or is too large.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { freePort } from '../scripts/free-port.ts';
import { run } from '../scripts/run.ts';
import { startHostd } from './harness/hostd.ts';
import { makePlace, type Place } from './harness/place.ts';
import { until } from './harness/until.ts';
import { cacheDirectory, needsVirtualenv, virtualenv } from './harness/virtualenvs.ts';

const version = '2.0.0';
const python = '/usr/bin/python3';

const skip = existsSync('/usr/bin/supervisord')
  ? needsVirtualenv('recent')
  : 'needs Supervisor, whose childutils superlance imports: apt-get install supervisor';

/** The directory that superlance is in, or why it is not. */
async function superlance(): Promise<{ readonly path: string } | { readonly why: string }> {
  const path = `${cacheDirectory}/superlance-${version}`;
  if (existsSync(path)) return { path };
  const draft = `${path}.${process.pid}`;
  mkdirSync(cacheDirectory, { recursive: true });
  const pip = [`${virtualenv('recent').root}/bin/python`, '-m', 'pip', 'install', '--quiet'] as const;
  const { code, stderr } = await run([...pip, '--no-deps', '--target', draft, `superlance==${version}`], {
    timeout: 120_000,
  });
  if (code !== 0) {
    rmSync(draft, { recursive: true, force: true });
    return { why: `pip cannot install superlance: ${stderr.trim().split('\n').at(-1)}` };
  }
  renameSync(draft, path);
  return { path };
}

/** Takes each mail; as much of SMTP as smtplib speaks (RFC 5321). */
async function mailServer(place: Place): Promise<{ port: number; mails: string[] }> {
  const port = await freePort();
  const mails: string[] = [];
  const server = createServer(socket => {
    let text = '';
    let inData = false;
    socket.write('220 here\r\n');
    socket.on('error', () => {});
    socket.on('data', chunk => {
      text += chunk;
      for (;;) {
        const end = text.indexOf(inData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const line = text.slice(0, end);
        text = text.slice(end + (inData ? 5 : 2));
        if (inData) {
          mails.push(line);
          inData = false;
          socket.write('250 taken\r\n');
        } else if (/^data/i.test(line)) {
          inData = true;
          socket.write('354 go on\r\n');
        } else socket.write(/^quit/i.test(line) ? '221 bye\r\n' : '250 ok\r\n');
      }
    });
  });
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  place.after(() => void server.close());
  return { port, mails };
}

test('crashmail, httpok, memmon and fatalmailbatch do under hostd what they do under Supervisor', {
  skip,
}, async t => {
  const found = await superlance();
  if ('why' in found) {
    t.skip(found.why);
    return;
  }
  const place = makePlace(t);
  const { dir } = place;
  const sendmail = place.write('sendmail', `#!/bin/sh\ncat >>"${dir}/$1.mail"\n`, 0o755);
  const web = place.write(
    'web.py',
    `
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(500)
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
`,
  );
  const { port: smtp, mails } = await mailServer(place);
  const port = await freePort();
  const listener = (name: string, events: string, args: readonly string[]) => `
[listener.${name}]
command = ${JSON.stringify([python, '-m', `superlance.${name}`, ...args])}
events = ${events}
environment = { PYTHONPATH = "${found.path}" }
startsecs = 0
`;
  const hostd = await startHostd(place, {
    config: { proxy: { enabled: false }, supervisor: { socket: `${dir}/supervisor.sock` } },
    files: {
      'listeners.toml': [
        listener('crashmail', '["PROCESS_STATE_EXITED"]', [
          '-a',
          '-m',
          'ops@hostd.test',
          '-s',
          `${sendmail} crash`,
        ]),
        listener('httpok', '["TICK_5"]', [
          '-p',
          'web',
          '-t',
          '2',
          '-m',
          'ops@hostd.test',
          '-s',
          `${sendmail} http`,
          `http://127.0.0.1:${port}/`,
        ]),
        listener('memmon', '["TICK_5"]', [
          '-p',
          'large=30MB',
          '-m',
          'ops@hostd.test',
          '-s',
          `${sendmail} memory`,
        ]),
        listener('fatalmailbatch', '["PROCESS_STATE", "TICK_60"]', [
          '--interval=1',
          '--toEmail=ops@hostd.test',
          '--fromEmail=hostd@hostd.test',
          `--smtpHost=127.0.0.1:${smtp}`,
        ]),
      ].join(''),
      'programs.toml': `
[program.crash]
command = ["/bin/sh", "-c", "sleep 2; exit 3"]
autorestart = false
[program.web]
command = ["${python}", "${web}", "${port}"]
startsecs = 0
[program.large]
command = ["${python}", "-c", "x = b'x' * 60000000; import time; time.sleep(1000)"]
startsecs = 0
[program.dead]
command = ["/bin/false"]
startretries = 0
`,
    },
  });
  const mail = (name: string) =>
    existsSync(`${dir}/${name}.mail`) ? readFileSync(`${dir}/${name}.mail`, 'utf8') : '';
  await until('a mail of the crash', () => mail('crash').includes('exited unexpectedly'), {
    timeout: 120_000,
  });
  assert.match(mail('crash'), /^To: ops@hostd\.test\nSubject: +crash crashed at /m);
  for (const name of ['http', 'memory']) await until(`a mail of ${name}`, () => mail(name) !== '');
  assert.match(mail('http'), /web restarted/);
  assert.match(mail('memory'), /memmon\.py restarted the process named large/);
  for (const name of ['web', 'large']) {
    await hostd.state(name, 'RUNNING');
    assert.ok(hostd.output().split(`spawned: '${name}'`).length > 2, `${name} was started once`);
  }
  await until('the batch of the minute', () => mails.length > 0, { timeout: 180_000 });
  assert.match(mails[0] ?? '', /Process dead:dead failed to start too many times/);
});
