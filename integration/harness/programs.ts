// Other people's programs that the tests compare hostd with: where they are on this machine, and their versions. What a test
// expects of a program must hold for every version of it, or the test says for which.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const directories = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'];

/** The path of a program, or undefined. HOSTD_TEST_NGINX=FILE takes that nginx instead, and so on. */
export function findProgram(name: string): string | undefined {
  const given = process.env[`HOSTD_TEST_${name.toUpperCase().replaceAll('-', '_')}`];
  return given ?? directories.map(directory => `${directory}/${name}`).find(path => existsSync(path));
}

/** The version that `nginx -v` prints, such as "1.22.1". */
export function nginxVersion(nginx = findProgram('nginx')): string {
  const said = execFileSync('sh', ['-c', '"$0" -v 2>&1', nginx ?? 'nginx'], { encoding: 'utf8' });
  return /nginx\/([\d.]+)/.exec(said)?.[1] ?? '';
}

/** Whether a version is lower than another, number by number: 1.9 is lower than 1.22. */
export function isBefore(version: string, other: string): boolean {
  const [own, its] = [version, other].map(text => text.split('.').map(Number));
  for (const [place, number] of (its ?? []).entries())
    if ((own?.[place] ?? 0) !== number) return (own?.[place] ?? 0) < number;
  return false;
}
