// POST /doctor: root starts `hostctl doctor --json`, with the rights that it gives each of its checks, and passes on what it prints,
// unread. For who may not look at everything: the page in the browser, operators who are not root.

import { join } from 'node:path';
import { HostdError } from '../../errors.ts';
import { identify } from '../../linux/procfs.ts';
import { killStrays, noteDescendants } from '../../linux/strays.ts';
import type { Host } from '../../model/host.ts';
import { native } from '../../native/index.ts';
import { longestExamination } from '../../protocol/doctor.ts';
import type { Handlers } from './control.ts';

const hostctl = join(import.meta.dirname, '..', '..', '..', 'bin', 'hostctl');
/** Bytes of the longest report. */
const mostBytes = 1024 * 1024;
/** Apps that are looked at at once. Who asks for one that is under way gets what comes of it. */
const mostAtOnce = 2;

export function examinationHandlers(host: () => Host): Handlers {
  const underWay = new Map<string, Promise<string>>();
  const examine = (name: string, wake: boolean): Promise<string> => {
    const key = wake ? `${name} --wake` : name;
    const known = underWay.get(key);
    if (known !== undefined) return known;
    if (underWay.size >= mostAtOnce) {
      const others = [...underWay.keys()].join('" and "');
      const hint = 'once more in a minute';
      throw new HostdError('conflict', `cannot look at "${name}": the doctor is at "${others}"`, { hint });
    }
    const report = runDoctor(name, wake, host()).finally(() => underWay.delete(key));
    underWay.set(key, report);
    return report;
  };
  return {
    'POST /doctor': async ({ body, response }) => {
      const name = nameOf(body['name'], host());
      const report = await examine(name, body['wake'] === true);
      response.setHeader('Content-Type', 'application/json');
      response.end(report);
      return undefined;
    },
  };
}

/** The name of an app, or of a program of no app. @throws HostdError for any other. */
function nameOf(value: unknown, { apps, programs }: Host): string {
  const known = [...apps, ...programs.filter(({ app }) => app === null)];
  const found = known.find(({ name }) => name === value);
  if (found === undefined) throw new HostdError('unknown-name', `cannot find "${value}": no such app`);
  return found.name;
}

/** What it prints. @throws HostdError where it says nothing in time. */
function runDoctor(name: string, wake: boolean, { settings }: Host): Promise<string> {
  const { execFile } = process.getBuiltinModule('node:child_process');
  const marker = native.randomHex(12);
  const path = process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const env = { PATH: path, LANG: 'C.UTF-8', HOSTD_EXAMINATION: marker };
  const asked = wake ? [name, '--wake'] : [name];
  const given = ['doctor', ...asked, '--json', '-c', settings.file, '--socket', settings.control.socket];
  return new Promise((resolve, reject) => {
    let isLate = false;
    const options = { cwd: '/', env, maxBuffer: mostBytes, killSignal: 'SIGKILL' } as const;
    const child = execFile(hostctl, given, options, (error, stdout, stderr) => {
      clearTimeout(late);
      // 1: it has found errors.
      if (error === null || (error.code === 1 && stdout !== '')) return resolve(stdout);
      const said = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
      const why = isLate
        ? `it has taken longer than ${longestExamination / 1000} s`
        : said || 'it says nothing';
      const hint = `sudo hostctl doctor ${name}`;
      reject(new HostdError('failed', `cannot say what is wrong with "${name}": ${why}`, { hint }));
    });
    const root = child.pid === undefined ? null : identify(child.pid);
    const late = setTimeout(() => {
      isLate = true;
      if (root === null) return void child.kill('SIGKILL');
      const run = { process: root, marker: `HOSTD_EXAMINATION=${marker}` };
      noteDescendants(run);
      child.kill('SIGKILL');
      killStrays(run, () => {});
    }, longestExamination);
    late.unref();
  });
}
