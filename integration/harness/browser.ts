// A headless Chromium for tests of pages, spoken to by the DevTools protocol over its own WebSocket.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Place } from './place.ts';
import { until } from './until.ts';

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const binary = candidates.find(path => existsSync(path));

/** For node:test's `skip`. */
export const needsChromium: string | false =
  binary === undefined ? 'needs chromium (apt-get install chromium)' : false;

export interface Browser {
  open(url: string): Promise<void>;
  /** The value of a JavaScript expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  scheme(scheme: 'light' | 'dark'): Promise<void>;
  /** Of the window, in pixels. */
  size(width: number, height: number): Promise<void>;
  /** A key as a person presses it: "Tab", "Enter". */
  press(key: 'Tab' | 'Enter'): Promise<void>;
  /** Text into what has the focus. */
  type(text: string): Promise<void>;
  screenshot(file: string): Promise<void>;
  /** Errors that pages have made so far: of scripts, and of what their policy forbids. */
  readonly complaints: readonly string[];
  /** Every address that any page has asked for since the start. */
  readonly asked: readonly string[];
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly request?: { readonly url: string };
    readonly entry?: { readonly level: string; readonly text: string; readonly url?: string };
    readonly exceptionDetails?: object;
  };
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export async function startBrowser(place: Place): Promise<Browser> {
  const profile = place.directory('chromium');
  const args = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--hide-scrollbars',
  ];
  const child = spawn(
    binary ?? '',
    [
      ...args,
      '--window-size=1100,760',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { env: { PATH: process.env['PATH'], HOME: profile, ...place.env }, stdio: 'ignore' },
  );
  const gone = new Promise(resolve => child.once('exit', resolve));
  place.after(async () => {
    child.kill('SIGKILL');
    await gone;
    place.expectLeftovers(true);
  });
  const file = `${profile}/DevToolsActivePort`;
  const port = await until('chromium', () => existsSync(file) && readFileSync(file, 'utf8').split('\n')[0], {
    timeout: 120_000,
  });
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    type: string;
    webSocketDebuggerUrl: string;
  }[];
  const { call, asked, complaints } = await speak(
    targets.find(target => target.type === 'page')?.webSocketDebuggerUrl ?? '',
  );
  await call('Page.enable');
  await call('Network.enable');
  await call('Emulation.setFocusEmulationEnabled', { enabled: true });
  await call('Log.enable');
  await call('Runtime.enable');
  await call('Emulation.setDeviceMetricsOverride', {
    width: 1100,
    height: 900,
    deviceScaleFactor: 1,
    mobile: false,
  });
  const browser: Browser = {
    asked,
    complaints,
    async open(url) {
      await call('Page.navigate', { url });
      await until(`${url} to be loaded`, () =>
        browser.evaluate<boolean>(`document.readyState === 'complete' && location.href !== 'about:blank'`),
      );
    },
    async evaluate<T>(expression: string) {
      const { result, exceptionDetails } = await call('Runtime.evaluate', {
        expression,
        returnByValue: true,
        awaitPromise: true,
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: T }).value;
    },
    async scheme(scheme) {
      await call('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      });
    },
    async size(width, height) {
      await call('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: false,
      });
    },
    async press(key) {
      const text = key === 'Enter' ? { text: '\r' } : {};
      const code = { key, code: key, windowsVirtualKeyCode: key === 'Enter' ? 13 : 9, ...text };
      await call('Input.dispatchKeyEvent', { type: 'keyDown', ...code });
      await call('Input.dispatchKeyEvent', { type: 'keyUp', ...code });
    },
    async type(text) {
      await call('Input.insertText', { text });
    },
    async screenshot(path) {
      const { data } = await call('Page.captureScreenshot', { format: 'png' });
      writeFileSync(path, Buffer.from(String(data), 'base64'));
    },
  };
  return browser;
}

async function speak(url: string) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  const waiting = new Map<number, (message: Message) => void>();
  const asked: string[] = [];
  const complaints: string[] = [];
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.method === 'Network.requestWillBeSent') asked.push(message.params?.request?.url ?? '');
    const { entry, exceptionDetails } = message.params ?? {};
    if (message.method === 'Log.entryAdded' && entry?.level === 'error')
      complaints.push(`${entry.url ?? ''} ${entry.text}`);
    if (message.method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(exceptionDetails));
    if (message.id !== undefined) waiting.get(message.id)?.(message);
  });
  let last = 0;
  const call = (method: string, params: object = {}): Promise<Record<string, unknown>> => {
    const id = ++last;
    return new Promise((resolve, reject) => {
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  };
  return { call, asked, complaints };
}
