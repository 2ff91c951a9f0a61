// What the page's forms do: an action on a program, an examination by the doctor. Only with the session's own token or form, and
// only where the page may do more than look.

import type { ProgramStatus } from '../protocol/control.ts';
import { isSame, type Session } from './access/sessions.ts';
import type { Examinations } from './examinations.ts';
import { page, type Reply, redirect } from './http/reply.ts';
import type { Asking } from './http/server.ts';
import { orderOf } from './orders.ts';
import { errorPage } from './pages/login.ts';
import { at } from './pages/words.ts';
import { type Root, RootError } from './root.ts';

export interface Forms {
  /** Sends the order of a form to root. What has come of it is the session's notice. */
  act(asking: Asking, session: Session, program: ProgramStatus): Promise<Reply>;
  /** Has the doctor look at the program. */
  examine(name: string, asking: Asking, session: Session): Promise<Reply>;
}

export interface FormsContext {
  readonly root: Root;
  readonly examinations: Examinations;
  readonly mayOperate: boolean;
}

/** Milliseconds that whoever asks the doctor waits, until the page says that it is under way. */
const doctorMs = 8000;

/** For whoever may only look. */
export const readOnly: Reply = page(
  errorPage('You may look', 'This page changes nothing: [web] may = "read".'),
  403,
);

export function makeForms({ root, examinations, mayOperate }: FormsContext): Forms {
  return {
    async examine(name, { form }, session) {
      if (!mayOperate) return readOnly;
      if (!isSame(form.get('token') ?? '', session.token))
        return page(
          errorPage('Nothing was done', 'This form is none of your session. Load the page before it again.'),
          403,
        );
      await examinations.begin(name, session.user, doctorMs);
      return redirect(at(name, 'doctor'));
    },
    async act({ form, path }, session, program) {
      const back = redirect(at(program.name));
      if (!session.useForm(form.get('form') ?? '')) {
        session.notice = 'Nothing was done: this form was sent before, or is too old. Try again.';
        return back;
      }
      const wanted = orderOf(path.slice(path.lastIndexOf('/') + 1), program.name, form);
      if (typeof wanted === 'string') {
        session.notice = `Nothing was done: ${wanted}.`;
        return back;
      }
      try {
        const { done, isOver } = await root.act(wanted.path, wanted.body, session.user);
        const said = done.map(({ message }) => message).join('\n');
        session.notice = isOver
          ? said || 'Nothing had to be done.'
          : `${said}\nIt is under way, and goes on.`.trim();
      } catch (error) {
        if (!(error instanceof RootError)) throw error;
        session.notice = `${error.message}${error.hint === null ? '' : `\n  try: ${error.hint}`}`;
      }
      return back;
    },
  };
}
