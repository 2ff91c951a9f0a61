// Addresses of servers that answer for an app as values.

import type { Listen } from '../../model/host.ts';
import { mostUpstreams } from '../../model/upstreams.ts';
import { bad, type Decoded, good, list } from './decoded.ts';
import { address } from './value-hosts.ts';

const example = '["10.0.0.5:8000", "10.0.0.6:8000"]';

/** Each address once. Names are refused: whoever answers for the name could then choose who reads the visitors' requests. */
export function upstreams(value: unknown): Decoded<readonly Listen[]> {
  const read = list(value, upstream, example);
  if (!read.ok) return read;
  const each = new Map(read.value.map(one => [`${one.host} ${one.port}`, one]));
  if (each.size === 0) return bad('it is empty: without it the app runs here', example);
  return each.size > mostUpstreams
    ? bad(`${mostUpstreams} addresses are the most`, example)
    : good([...each.values()]);
}

function upstream(value: unknown): Decoded<Listen> {
  const read = address(value);
  if (read.ok) {
    const isEverywhere = read.value.host === '0.0.0.0' || read.value.host === '::';
    return isEverywhere ? bad('it means every address of a machine, and none to connect to', example) : read;
  }
  if (typeof value === 'string' && /^(https?:\/\/)/i.test(value))
    return bad('it must be an address and a port alone, without a scheme', example);
  const isName = typeof value === 'string' && /^[a-z_][\w.-]*(:\d+)?$/i.test(value);
  return isName
    ? bad('it must be a numeric address and a port: names are not looked up', example)
    : bad('it must be a numeric address and a port', example);
}
