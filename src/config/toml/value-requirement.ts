// A program's requirement as a value: the name of a known service, or an address.

import type { Requirement } from '../../model/host.ts';
import { bad, type Decoded, good } from './decoded.ts';
import { address } from './value-hosts.ts';

/** The addresses in Debian's packages. */
const services: Readonly<Record<string, Requirement['address']>> = {
  postgresql: { path: '/run/postgresql/.s.PGSQL.5432' },
  mysql: { path: '/run/mysqld/mysqld.sock' },
  redis: { host: '127.0.0.1', port: 6379 },
  memcached: { host: '127.0.0.1', port: 11211 },
};

/** "postgresql", "unix:/run/redis/redis.sock" or "127.0.0.1:6379". */
export function requirement(value: unknown): Decoded<Requirement> {
  const example = `"postgresql", "unix:/run/x.sock" or "127.0.0.1:6379"`;
  if (typeof value !== 'string') return bad('it must be a text', example);
  const known = services[value];
  if (known !== undefined) return good({ name: value, address: known });
  if (/^unix:\/[^\0]+$/.test(value))
    return good({ name: value, address: { path: value.slice('unix:'.length) } });
  const read = address(value);
  return read.ok
    ? good({ name: value, address: read.value })
    : bad('it is no known service and no address', example);
}
