// The page before something is done: what it means, and a form that can be sent once. Pure.

import type { ProgramStatus } from '../../protocol/control.ts';
import { frame, type Viewer } from './frame.ts';
import { type Html, html } from './html.ts';
import { type Action, actions } from './states.ts';
import { at } from './words.ts';

/** What the action does, for whoever is about to do it. */
const meanings: Readonly<Record<Action, string>> = {
  start: 'It is started, and stays wanted after a reboot.',
  stop: 'It is stopped, and stays stopped after a reboot. Visitors of its site are refused (502).',
  restart:
    'It is stopped and started. Visitors wait meanwhile; what is under way is ended. New code without that: Reload.',
  reload: 'New code is started beside the old, and takes over when it answers. No request is lost.',
  scale: 'The number of its workers is changed by a reload, until its file or the next restart says another.',
  maintenance: 'While it is on, visitors see the maintenance page (503), and the app goes on running.',
  rotate: 'The log is put aside as a backup, and a new one is begun. No line is lost.',
};

export function confirmPage(viewer: Viewer, action: Action, program: ProgramStatus, form: string): string {
  const { name, site } = program;
  const isOn = site?.maintenance === true;
  const word = action === 'maintenance' ? `${isOn ? 'End' : 'Begin'} maintenance` : actions[action];
  const title = `${word} ${action === 'maintenance' ? `of ${name}` : name}?`;
  const isHarsh = action === 'stop' || (action === 'maintenance' && !isOn);
  const body = html`<h1>${title}</h1>
<p>${program.state}: ${program.description}</p>
<p>${meanings[action]}</p>
<form method="post" action="${at(name, action)}">
<input type="hidden" name="form" value="${form}">
${fields(action, isOn)}
<div class="row"><button class="do${isHarsh ? ' harsh' : ''}">${word}</button> <a class="act" href="${at(name)}">Cancel</a></div>
</form>`;
  return frame(viewer, { title, here: null, body });
}

function fields(action: Action, isOn: boolean): Html | null {
  if (action === 'scale')
    return html`<label for="workers">Workers</label><input id="workers" name="workers" type="number" min="1" max="999" required inputmode="numeric">`;
  if (action !== 'maintenance') return null;
  return html`<input type="hidden" name="on" value="${isOn ? 'off' : 'on'}">${
    isOn
      ? null
      : html`<label for="retry">Clients may ask again after (seconds)</label><input id="retry" name="retry" type="number" min="1" max="604800" value="120" inputmode="numeric">`
  }`;
}
