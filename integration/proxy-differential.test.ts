// The proxy against real nginx with the article's vhost: the same bytes to both, and every difference has to be one that
// differences.ts gives a reason for.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { isBefore, nginxVersion } from './harness/programs.ts';
import { exchangeRaw, parseReplies, untilEnd } from './proxy/client.ts';
import { type Comparison, comparisons, extraAnswers } from './proxy/comparisons.ts';
import { differences } from './proxy/differences.ts';
import { type Fixture, makeFixture } from './proxy/fixture.ts';
import { nginxMissing, type RunningNginx, startNginx } from './proxy/nginx.ts';
import { startUpstream, type Upstream } from './proxy/upstream.ts';
import { type RunningWorker, startWorker } from './proxy/worker.ts';

describe('compared with nginx', { skip: nginxMissing() }, () => {
  let fixture: Fixture;
  let upstreams: readonly Upstream[];
  let worker: RunningWorker;
  let nginx: RunningNginx;
  const all = comparisons();
  /** What hostd answers where it is to answer otherwise than nginx, by the name of the comparison. */
  const own = new Map<string, string>(
    Object.entries(JSON.parse(readFileSync(new URL('proxy/own-answers.json', import.meta.url), 'utf8'))),
  );
  const version = nginxMissing() === false ? nginxVersion() : '';

  before(async () => {
    fixture = makeFixture('differential');
    const answers = readFileSync(new URL('proxy/answers.json', import.meta.url), 'utf8');
    const big = { bigheader: [`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(5000)}\r\nContent-Length: 2\r\n\r\nok`] };
    const scripts = { ...JSON.parse(answers), ...extraAnswers, ...big };
    const [first, hello] = fixture.sites;
    upstreams = await Promise.all([first, hello].map(site => startUpstream(site.socket, scripts)));
    const limits = { queueMs: 50 };
    worker = await startWorker({ sites: fixture.sites, directory: fixture.directory, limits });
    nginx = await startNginx(fixture.directory, fixture.sites);
  });

  after(async () => {
    await worker?.stop();
    await nginx?.stop();
    for (const upstream of upstreams ?? []) await upstream.close();
    fixture?.remove();
  });

  /** Whether this nginx is to answer otherwise than hostd. */
  const isWanted = (name: string) =>
    differences.some(
      ({ seen, until }) => seen.includes(name) && (until === undefined || isBefore(version, until)),
    );

  /** What a client is answered, and what the apps have been asked. */
  async function ask(port: number, comparison: Comparison): Promise<string> {
    for (const upstream of upstreams) upstream.requests.length = 0;
    const { bytes } = await exchangeRaw(port, comparison.send, {
      answers: comparison.isKept ? 1 : untilEnd,
    });
    const asked = upstreams.flatMap(upstream => upstream.requests).map(asNginxAsks);
    return `${normalised(bytes, port, comparison)}\n--- asked of the app:\n${asked.join('\n')}`;
  }

  test('there are hundreds of them, with names of their own', () => {
    assert.ok(all.length >= 200, `${all.length}`);
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
  });

  for (const comparison of all) {
    test(comparison.name, async () => {
      const theirs = await ask(nginx.port, comparison);
      const ours = await ask(worker.port, comparison);
      if (!isWanted(comparison.name)) assert.equal(ours, theirs);
      else assert.notEqual(ours, theirs, 'no difference any more: take it out of the table');
      if (own.has(comparison.name)) assert.equal(ours, own.get(comparison.name));
    });
  }

  test('the access logs are the same, line by line', async () => {
    const site = fixture.sites[1];
    const logs = [`${fixture.directory}/nginx/logs/hello.log`, site.accessLog];
    const lines = (): readonly (readonly string[])[] =>
      logs.map(file => readFileSync(file, 'latin1').split('\n').slice(0, -1));
    await new Promise(resolve => setTimeout(resolve, 1200));
    const before = lines().map(text => text.length);
    const logged = all.filter(({ name }) => /^(file|field|condition|answer|HEAD|POST) /.test(name));
    for (const comparison of logged.filter(({ name }) => !isWanted(name))) {
      await ask(nginx.port, comparison);
      await ask(worker.port, comparison);
    }
    await new Promise(resolve => setTimeout(resolve, 1200));
    const [theirs = [], ours = []] = lines().map((text, i) => text.slice(before[i]).map(withoutTime));
    assert.ok(ours.length > 100);
    assert.deepEqual(ours, theirs);
  });

  test('every difference in the table is one that is looked for, and is in the documentation', () => {
    const names = new Set(all.map(({ name }) => name));
    const page = readFileSync(new URL('../docs/proxy.md', import.meta.url), 'utf8');
    for (const difference of differences) {
      for (const name of difference.seen) {
        assert.ok(names.has(name), name);
        assert.ok(own.has(name), `${name}: its answer is to be in own-answers.json`);
      }
      assert.ok(
        page.includes(`| ${difference.nginx} | ${difference.hostd} | ${difference.why} |`),
        difference.why,
      );
    }
  });

  /** Without what differs by its nature: the time, the program's name and the length of pages that say it, ports. */
  function normalised(bytes: string, port: number, comparison: Comparison): string {
    const token = `nginx/${version}`;
    const replies = parseReplies(bytes, comparison.heads);
    if (replies.length === 0 && bytes !== '') return 'not HTTP';
    return replies
      .map(({ status, reason, fields, body }) => {
        const page = body.includes('<hr><center>');
        const lines = fields.map(([name, value]) => {
          if (name === 'Date') return 'Date: now';
          if (name === 'Server') return 'Server: hostd';
          if (name === 'Content-Length' && (page || isHeadOfPage(comparison, status)))
            return 'Content-Length: page';
          return `${name}: ${value}`.replace(`:${port}/`, ':PORT/').replace(/boundary=\d{20}/, 'boundary=B');
        });
        const text = body.replace(token, 'hostd').replace(/--\d{20}/g, '--B');
        return `${status} ${reason}\n${lines.join('\n')}\n\n${text}`;
      })
      .join('\n');
  }
});

/** A page's bytes depend on the name that it says. */
function withoutTime(line: string): string {
  return line.replace(/\[.*?\]/, '[now]').replace(/" ([345]\d\d) [1-9]\d* /, '" $1 page ');
}

/** Without what the proxy says besides, in every request: docs/proxy.md, "What an app is sent". */
function asNginxAsks(request: string): string {
  return request
    .replace(/^(\S+ \S+) HTTP\/1\.1\r\n/, '$1 HTTP/1.0\r\n')
    .replace(/X-Forwarded-Proto: http\r\nX-Real-IP: 127\.0\.0\.1\r\n/, '')
    .replace(/X-Request-Id: [0-9a-f]{16}-\d+\r\n/, '');
}

function isHeadOfPage({ heads }: Comparison, status: number): boolean {
  return heads[0] === true && (status === 301 || status >= 400);
}
