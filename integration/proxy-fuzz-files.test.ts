// The two readers that decide which bytes of which file a client gets, path and range, against nginx on random input. No worker
// in between, so that thousands fit into a few seconds.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { parseRange } from '../src/proxy/http/ranges.ts';
import { parseTarget } from '../src/proxy/http/target.ts';
import { field, type ParsedReply } from './proxy/client.ts';
import { fuzzSettings } from './proxy/fuzz-settings.ts';
import { type KeptNginx, startKeptNginx } from './proxy/kept-nginx.ts';
import { nginxMissing } from './proxy/nginx.ts';

/** Requests in one connection. */
const batch = 300;

const sizes = [0, 1, 12, 200, 5000];
const contents = new Map(sizes.map(size => [size, Array.from({ length: size }, (_, i) => i % 10).join('')]));

describe('readers, compared with nginx', { skip: nginxMissing() }, () => {
  let nginx: KeptNginx;

  before(async () => {
    const files = [...contents].map(([size, text]) => [`${size}.bin`, text] as const);
    nginx = await startKeptNginx(Object.fromEntries(files));
  });

  after(() => nginx?.stop());

  test('a path is decoded and resolved alike, and refused alike', async t => {
    const byte = fc.integer({ min: 0x21, max: 0xff }).filter(code => code !== 0x7f);
    const hex = fc.integer({ min: 0, max: 255 }).map(code => `%${code.toString(16).padStart(2, '0')}`);
    const piece = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom('/', '//', '.', '..', '/.', '/..', '/../', '/./', 'a', 'b.c', '...', '~'),
      },
      {
        weight: 3,
        arbitrary: fc.constantFrom('%2f', '%2F', '%2e', '%2E%2e', '%5c', '%25', '%252e', '%3f', '%23', '%20'),
      },
      {
        weight: 2,
        arbitrary: fc.oneof(
          hex,
          hex.map(text => text.toUpperCase()),
          byte.map(latin1),
        ),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '?',
          '#',
          '?/..',
          '#/..',
          '%',
          '%4',
          '%zz',
          '%u002e',
          '%00',
          '\\..',
          ';/..',
        ),
      },
    );
    const target = fc.array(piece, { maxLength: 12 }).map(texts => `/${texts.join('')}`);
    await fc.assert(
      fc.asyncProperty(fc.array(target, { minLength: batch, maxLength: batch }), async targets => {
        const judged = targets.map(raw => ({ raw, path: parseTarget(raw)?.path ?? null }));
        const good = judged.filter(({ path }) => path !== null);
        const replies = await nginx.ask(good.map(({ raw }) => requestFor(raw)));
        const theirs = replies.map(({ status, body }) => (status === 200 ? body : null));
        assert.deepEqual(
          good.map(({ raw }, i) => ({ raw, path: theirs[i] ?? null })),
          good,
        );
        // nginx closes after a 400, so these are asked one by one; a few of each batch will do.
        for (const { raw } of judged.filter(({ path }) => path === null).slice(0, 20)) {
          const [reply] = await nginx.ask([requestFor(raw)]);
          assert.equal(reply?.status, 400, raw);
        }
      }),
      fuzzSettings(t, 40),
    );
  });

  test('a range gives the same bytes', async t => {
    const number = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom('0', '1', '5', '11', '12', '13', '199', '4999', '5000', '99999', '007'),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '9223372036854775807',
          '9223372036854775808',
          '18446744073709551616',
          `1${'0'.repeat(30)}`,
        ),
      },
    );
    const blank = fc.constantFrom('', '', '', ' ', '  ', '\t');
    const part = fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .tuple(blank, number, blank, blank, number, blank)
          .map(([a, b, c, d, e, f]) => `${a}${b}${c}-${d}${e}${f}`),
      },
      { weight: 3, arbitrary: number.map(text => `${text}-`) },
      { weight: 3, arbitrary: number.map(text => `-${text}`) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('', '-', 'x', '1', '1-x', '--1', '1--2', '+1-2', '0x1-2', '1-2-3', '-1-2'),
      },
    );
    const unit = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom('bytes=', 'bytes=', 'Bytes=') },
      { weight: 1, arbitrary: fc.constantFrom('bytes =', 'bytes', 'items=', 'bytes= ', '', '=') },
    );
    const header = fc
      .tuple(
        unit,
        fc.array(part, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(',', ',', ', ', ' ,', ',,'),
      )
      .map(([name, parts, comma]) => `${name}${parts.join(comma)}`)
      // RFC 9112 section 5.1: blanks around a field are none of its value; nginx keeps tabs.
      .map(text => text.replace(/^[\t ]+|[\t ]+$/g, ''))
      .filter(text => text !== '');
    const asked = fc.record({ size: fc.constantFrom(...sizes), header });
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { minLength: batch, maxLength: batch }), async all => {
        const replies = await nginx.ask(
          all.map(({ size, header: text }) => requestFor(`/files/${size}.bin`, `Range: ${text}\r\n`)),
        );
        assert.deepEqual(
          all.map((one, i) => ({ ...one, ...describeReply(replies[i]) })),
          all.map(one => ({ ...one, ...wanted(one.header, contents.get(one.size) ?? '') })),
        );
      }),
      fuzzSettings(t, 40),
    );
  });
});

const latin1 = (code: number): string => String.fromCharCode(code);

function requestFor(target: string, fields = ''): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
}

interface Described {
  readonly status: number;
  readonly range: string | null;
  readonly body: string;
}

function describeReply(reply: ParsedReply | undefined): Described {
  if (reply === undefined) return { status: 0, range: null, body: '' };
  const range = field(reply, 'content-range') ?? null;
  return {
    status: reply.status,
    range,
    body: reply.status === 416 ? '' : reply.body.replace(/--\d{20}/g, '--B'),
  };
}

/** What hostd answers with what parseRange() says: see file-answer.ts. */
function wanted(header: string, text: string): Described {
  const ranges = parseRange(header, text.length);
  if (ranges.kind === 'whole') return { status: 200, range: null, body: text };
  if (ranges.kind === 'unsatisfiable') return { status: 416, range: `bytes */${text.length}`, body: '' };
  const [first, ...others] = ranges.parts;
  const said = ({ start, end }: typeof first): string => `bytes ${start}-${end - 1}/${text.length}`;
  if (others.length === 0)
    return { status: 206, range: said(first), body: text.slice(first.start, first.end) };
  const parts = ranges.parts.map(
    part =>
      `\r\n--B\r\nContent-Type: x/y\r\nContent-Range: ${said(part)}\r\n\r\n${text.slice(part.start, part.end)}`,
  );
  return { status: 206, range: null, body: `${parts.join('')}\r\n--B--\r\n` };
}
