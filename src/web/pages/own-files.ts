// The files that pages are made with, each at an address that changes with its content: browsers may keep it for good.

import { createHash } from 'node:crypto';
import { script } from './script.ts';
import { style } from './style.ts';

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1f5f4a"/><path d="M4 3v10M12 3v10M4 8h8" stroke="#fff" stroke-width="2" fill="none"/></svg>\n';

export interface OwnFile {
  readonly type: string;
  readonly body: string;
}

export const stylePath = pathOf('style', 'css', style);
export const scriptPath = pathOf('script', 'js', script);
export const iconPath = pathOf('icon', 'svg', icon);

export const ownFiles: ReadonlyMap<string, OwnFile> = new Map([
  [stylePath, { type: 'text/css; charset=utf-8', body: style }],
  [scriptPath, { type: 'text/javascript; charset=utf-8', body: script }],
  [iconPath, { type: 'image/svg+xml', body: icon }],
]);

function pathOf(name: string, ending: string, text: string): string {
  return `/${name}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.${ending}`;
}
