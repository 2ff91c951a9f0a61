// hostd dev while it runs: the apps, their output, the ports in front of them, and the end of everything.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadStream } from 'node:tty';
import { descendants, withEnvironment } from '../linux/procfs.ts';
import { type AppHooks, DevApp } from './apps/app.ts';
import type { Size } from './apps/child.ts';
import { signal } from './apps/signal.ts';
import { configFolder } from './plan/names-folder.ts';
import type { AppPlan } from './plan/plan.ts';
import { Console } from './screen/console.ts';
import { Display, type Screen } from './screen/display.ts';
import { type Certificates, openCertificates } from './sites/certificates.ts';
import { secure } from './sites/https.ts';
import { type Listening, listen } from './sites/listen.ts';
import { Sites } from './sites/sites.ts';

export interface SessionScreen extends Screen {
  size(): Size;
}

export interface SessionOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly screen: SessionScreen;
  /** null: there is no keyboard. */
  readonly keys: ReadStream | null;
  /** A directory that is removed at the end. */
  readonly runtime: string;
  /** "NAME=value" in the environment of everything that is started. */
  readonly marker: string;
  readonly idleMs: number;
  /** The apps that were added to the folder of names since. */
  readonly newApps: (known: ReadonlySet<string>) => Promise<readonly AppPlan[]>;
}

export interface Ports {
  /** null: 8000 (8443 for HTTPS), or the next free port. */
  readonly port: number | null;
  readonly https: boolean;
}

const usualPort = 8000;
const usualSecurePort = 8443;
/** Milliseconds from Ctrl-C to SIGKILL, and then until everything has gone: less than a second together. */
const graceMs = 600;
const lastMs = 250;
/** Milliseconds in which the same message of the proxy is printed once. */
const sameWordsMs = 5000;

export class Session {
  readonly display: Display;
  readonly apps: DevApp[] = [];
  readonly sites: Sites;
  readonly #options: SessionOptions;
  readonly #hooks: AppHooks;
  readonly #said = new Map<string, number>();
  #listening: Listening[] = [];
  #port = usualPort;
  #certificates: Certificates | null = null;
  #securePort: number | null = null;
  #console: Console | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.display = new Display(options.screen);
    this.#hooks = {
      screen: () => (options.screen.isTerminal ? this.#narrowSize() : null),
      output: (name, bytes) => this.display.push(name, bytes),
      flush: name => this.display.flush(name),
      say: text => this.display.say(text),
      idleMs: options.idleMs,
    };
    this.sites = new Sites({
      apps: () => this.apps,
      urlOf: name => this.urlOf(name),
      lookAgain: () => this.#lookAgain(),
      report: text => this.#report(text),
      redirect: (host, uri) =>
        this.#securePort === null ? null : `https://${host}${portText(this.#securePort, 443)}${uri}`,
    });
  }

  /** Adds apps without starting them. */
  add(plans: readonly AppPlan[]): void {
    for (const plan of plans) {
      for (const { name } of [...(plan.web === null ? [] : [plan.web]), ...plan.others])
        this.display.add(name);
      const mark = <T extends { env: AppPlan['others'][number]['env'] }>(command: T): T => ({
        ...command,
        env: { ...command.env, ...this.#mark },
      });
      this.apps.push(
        new DevApp({ ...plan, web: plan.web && mark(plan.web), others: plan.others.map(mark) }, this.#hooks),
      );
    }
    this.sites.update();
  }

  /** Opens the ports. @throws HostdError when no port is free. */
  async open({ port, https }: Ports): Promise<void> {
    const { front } = this.sites;
    const plain = await listen(port ?? usualPort, port !== null, number => front.server(number));
    this.#listening.push(plain);
    this.#port = plain.port;
    if (!https) return;
    const certificates = await openCertificates(join(configFolder(this.#options.env), 'authority'));
    const namesOf = (host: string) =>
      front.sites.find(site => site.name === front.siteOf(host))?.serverNames ?? null;
    const report = (text: string) => this.#report(text);
    const offset = usualSecurePort - usualPort;
    const first = port === null ? usualSecurePort : port + (port + offset > 65_535 ? -offset : offset);
    const encrypted = await listen(first, port !== null, number =>
      secure(front.server(number), { certificates, namesOf, report }),
    );
    this.#listening.push(encrypted);
    this.#securePort = encrypted.port;
    this.#certificates = certificates;
  }

  get port(): number {
    return this.#port;
  }

  get certificates(): Certificates | null {
    return this.#certificates;
  }

  urlOf(name: string): string {
    const host = name === '' ? 'localhost' : `${name}.localhost`;
    return this.#securePort === null
      ? `http://${host}${portText(this.#port, 80)}/`
      : `https://${host}${portText(this.#securePort, 443)}/`;
  }

  /** Starts every app that does not wait for its first request, and begins to read keys. */
  start(quit: () => void): void {
    const { keys, screen } = this.#options;
    if (keys !== null) {
      this.display.onPrompt = name => this.display.say(`${name} waits for input: press a to attach to it`);
      this.#console = new Console({
        input: keys,
        display: this.display,
        apps: () => this.apps,
        size: () => screen.size(),
        list: () => this.list(),
        quit,
        clear: () => screen.write('\x1b[2J\x1b[H'),
      });
    }
    for (const app of this.apps) if (!app.plan.lazy) app.start();
  }

  /** A line for each app. */
  list(): string {
    const width = Math.max(...this.apps.map(app => app.name.length));
    return this.apps
      .map((app, index) => {
        const url = app.plan.site === null ? '-' : this.urlOf(app.name);
        // An app that waits without being lazy is about to be started.
        const isPlain = app.state === 'elsewhere' || (app.state === 'waiting' && !app.plan.lazy);
        const state = isPlain
          ? ''
          : `  (${app.state === 'waiting' ? 'starts at its first request' : app.state})`;
        return `${index + 1} ${app.name.padEnd(width)}  ${url}  ${app.plan.what}${state}`;
      })
      .join('\n');
  }

  resized(): void {
    this.#console?.resized();
  }

  /** Stops everything in less than a second, and leaves nothing. A second call returns the first one's promise. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#console?.close();
    for (const { close } of this.#listening) close();
    const stopped = Promise.all(this.apps.map(app => app.stop()));
    const late = sleep(graceMs, undefined, { ref: false });
    await Promise.all([this.sites.front.drain(graceMs / 2), Promise.race([stopped, late])]);
    this.killAll();
    const end = performance.now() + lastMs;
    while (this.#left().length > 0 && performance.now() < end) await sleep(10);
    rmSync(this.#options.runtime, { recursive: true, force: true });
  }

  killAll(): void {
    for (const pid of this.#left()) signal(pid, 'SIGKILL');
  }

  #left(): number[] {
    return [
      ...new Set([
        ...descendants([process.pid]).map(({ pid }) => pid),
        ...withEnvironment(this.#options.marker),
      ]),
    ].filter(pid => pid !== process.pid);
  }

  get #mark(): Record<string, string> {
    const [name = '', value = ''] = this.#options.marker.split('=');
    return { [name]: value };
  }

  #narrowSize(): Size {
    const { columns, rows } = this.#options.screen.size();
    return { rows, columns: Math.max(20, columns - this.display.prefixWidth) };
  }

  async #lookAgain(): Promise<boolean> {
    const plans = await this.#options.newApps(new Set(this.apps.map(app => app.name)));
    if (plans.length > 0) this.add(plans);
    return plans.length > 0;
  }

  /** Prints a message, unless it is repeated: a page that reloads every second must not fill the screen. */
  #report(text: string): void {
    const now = Date.now();
    const last = this.#said.get(text) ?? 0;
    this.#said.set(text, now);
    if (this.#said.size > 100) this.#said.clear();
    if (now - last > sameWordsMs && this.#stopping === null) this.display.say(text);
  }
}

function portText(port: number, usual: number): string {
  return port === usual ? '' : `:${port}`;
}
