// Values about files that are served: how long clients may keep them, and the types of their names' endings.

import { bad, type Decoded, good, isTable } from './decoded.ts';
import { duration } from './value-process.ts';

/** Ten years: nginx's "max". */
const longest = 315_360_000;

/** Seconds, or a text as for durations. "max", "epoch" and "off" are nginx's (ngx_http_headers_module). -1 is "epoch". */
export function expires(value: unknown): Decoded<number | null> {
  if (value === 'off' || value === false) return good(null);
  if (value === 'epoch' || value === -1) return good(-1);
  if (value === 'max') return good(longest);
  const read = duration(value);
  return read.ok
    ? good(Math.min(read.value, longest))
    : bad('it must be whole seconds, a number with s, m, h, d or w, "max", "epoch" or "off"', '"30d"');
}

/** RFC 9110 section 8.3.1; a charset may follow. */
const mediaType = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(; ?charset=[\w-]+)?$/;

/** From extensions, with or without their dot, to media types. The extensions are returned in lower case. */
export function mediaTypes(value: unknown): Decoded<Readonly<Record<string, string>>> {
  const example = '{ glb = "model/gltf-binary" }';
  if (!isTable(value)) return bad('it must be a table', example);
  const out: Record<string, string> = {};
  for (const [name, type] of Object.entries(value)) {
    const extension = name.replace(/^\./, '').toLowerCase();
    if (!/^[a-z0-9_+-]{1,40}$/.test(extension) || extension === '__proto__')
      return bad(
        `${JSON.stringify(name)} is no file extension: what follows the last dot of a file's name`,
        example,
      );
    if (typeof type !== 'string' || !mediaType.test(type))
      return bad(`${JSON.stringify(type)} is no media type`, `{ ${extension} = "application/octet-stream" }`);
    out[extension] = type;
  }
  return good(out);
}
