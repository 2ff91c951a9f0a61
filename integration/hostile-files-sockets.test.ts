// A hostile app owns the directories of its socket and of the files that are served for it. Whatever it puts there, root makes,
// chowns and removes nothing outside, and the proxy neither serves what is another's nor connects to another's socket.

import assert from 'node:assert/strict';
import { chownSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { needsRoot, testAccounts } from './harness/accounts.ts';
import { startHostd } from './harness/hostd.ts';
import { allRunning, makeScene, type Tricks, throughAll } from './harness/hostile-scene.ts';
import { until } from './harness/until.ts';

const skip = needsRoot;

/** hostd puts the socket back as soon as it sees what was done: the app is as quick as it can be, and tries again and again. */
const tries = (trick: string) => `for i in $(seq 50); do { ${trick}; } 2>/dev/null; done; true`;

/** The program cannot start: it has put something where its socket has to be. */
const socketTricks: Tricks = {
  socklink: 'ln -s $OUT/victim.sock run/gunicorn.sock',
  sockmade: 'ln -s $OUT/made.sock run/gunicorn.sock',
  sockfile: 'echo mine >run/gunicorn.sock',
  sockfifo: 'mkfifo run/gunicorn.sock',
  sockdir: 'mkdir run/gunicorn.sock',
  runlink: 'rmdir run; ln -s $OUT/run run',
  runmade: 'rmdir run; ln -s $OUT/newrun run',
  runfile: 'rmdir run; echo mine >run',
  runfifo: 'rmdir run; mkfifo run',
};

test('what an app has put in the place of its socket keeps only that app from starting', {
  skip,
}, async t => {
  const stage = await makeScene(t, { ...socketTricks, good: ':' });
  await throughAll(stage, async hostd => {
    await hostd.state('good', 'RUNNING');
    for (const name of Object.keys(socketTricks)) {
      // Between two tries it is STARTING for a moment, without a word.
      await until(`${name} to say why it does not start`, async () => {
        const program = (await hostd.status()).find(p => p.name === name);
        assert.ok(
          program && program.state !== 'RUNNING' && program.pid === null,
          `${name} ${program?.state}`,
        );
        return /cannot (listen|open|use)/.test(program.description);
      });
    }
    assert.equal((await hostd.get('good.test')).text, 'mine\n');
  });
});

test('a socket that an app replaces while it runs is not followed when it is removed', { skip }, async t => {
  const late: Tricks = {
    link: 'rm run/gunicorn.sock; ln -s $OUT/victim.sock run/gunicorn.sock',
    file: 'rm run/gunicorn.sock; echo mine >run/gunicorn.sock',
    dirlink: 'rm run/gunicorn.sock; rmdir run; ln -s $OUT run',
    gone: 'rm -r run',
    moved: 'mv run old; mkdir run; ln -s ../../../outside/gunicorn.sock run/gunicorn.sock',
  };
  const stage = await makeScene(t, Object.fromEntries(Object.keys(late).map(name => [name, ':'])));
  const before = stage.snapshot();
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  for (const [name, script] of Object.entries(late)) stage.as(name, tries(script));
  const { code } = await hostd.hostctl('stop', 'all');
  assert.equal(code, 0);
  assert.deepEqual(stage.snapshot(), before);
  await hostd.kill9();
  const next = await hostd.again();
  assert.deepEqual(stage.snapshot(), before);
  assert.equal(await next.stop(), 0);
});

test('a run/ that is root’s own serves as well, also after hostd was killed', { skip }, async t => {
  const stage = await makeScene(t, { app: ':' });
  chownSync(`${stage.root('app')}/run`, 0, 0);
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  await hostd.kill9();
  const next = await hostd.again();
  assert.doesNotMatch(next.output(), /cannot take/);
  const { pid } = await next.state('app', 'RUNNING');
  process.kill(pid ?? 0, 'SIGKILL');
  assert.equal((await next.get('app.test')).text, 'mine\n');
  assert.equal(await next.stop(), 0);
  assert.deepEqual(readdirSync(`${stage.root('app')}/run`), []);
});

test('static and media files that lead outside are not served', { skip }, async t => {
  const stage = await makeScene(t, {
    static: 'rm -r static; ln -s $OUT/www static',
    media: 'rmdir media; ln -s $OUT/www media',
    file: 'ln -s $OUT/www/page.html static/link.html; ln -s /etc/passwd static/passwd',
    inner: 'ln -s $OUT/www static/inner; ln -s / static/everything',
    hung: 'mkfifo static/fifo; mkdir static/dir; ln -s fifo static/tofifo',
    indirect: 'rm -r static; ln -s $OUT way; ln -s way/www static',
    dangling: 'rm -r static; ln -s $OUT/nothing static',
    own: 'mkdir releases; mv static releases/1; ln -s releases/1 static',
  });
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  const outcomes = {
    'static /static/page.html': [403, 404],
    'static /static/': [403, 404],
    'media /media/page.html': [403, 404],
    'file /static/link.html': [403, 404],
    'file /static/passwd': [403, 404],
    'inner /static/inner/page.html': [403, 404],
    'inner /static/everything/etc/passwd': [403, 404],
    'hung /static/fifo': [403, 404],
    'hung /static/tofifo': [403, 404],
    'indirect /static/page.html': [403, 404],
    'dangling /static/page.html': [403, 404],
    // A link to the app's own files, as a deployment by releases has it.
    'own /static/page.html': [200],
    'hung /static/page.html': [200],
  };
  for (const [what, statuses] of Object.entries(outcomes)) {
    const [name, path] = what.split(' ');
    const begun = performance.now();
    const answer = await hostd.get(`${name}.test`, path);
    assert.ok(statuses.includes(answer.status), `${what}: ${answer.status}`);
    assert.doesNotMatch(answer.text, /for the proxy alone|root:/);
    assert.ok(performance.now() - begun < 20_000, what);
  }
});

test('a socket that an app replaces by a link to another app’s is not connected to', { skip }, async t => {
  const stage = await makeScene(t, { victim: ':', thief: ':', dirthief: ':' });
  const hostd = await startHostd(stage.place, { config: { app: stage.config } });
  await allRunning(hostd);
  assert.equal((await hostd.get('thief.test')).status, 200);
  stage.as('thief', tries('ln -sf ../../victim/run/gunicorn.sock run/gunicorn.sock'));
  stage.as('dirthief', tries('mv -T run old$i; ln -sT ../victim/run run'));
  // The victim is of the same user here; that of another user is what counts.
  const { b } = await testAccounts();
  for (const path of ['victim', 'victim/run']) chownSync(`${stage.place.dir}/webapps/${path}`, b.uid, b.gid);
  // The victim answers nobody while it is stopped: whoever is answered has not been led to it.
  const { pid } = await hostd.state('victim', 'RUNNING');
  process.kill(pid ?? 0, 'SIGSTOP');
  const stolen = await Promise.all(['thief', 'dirthief'].map(name => hostd.get(`${name}.test`)));
  process.kill(pid ?? 0, 'SIGCONT');
  for (const { status } of stolen) assert.ok([200, 503].includes(status), `${status}`);
  assert.equal((await hostd.get('victim.test')).status, 200);
});
