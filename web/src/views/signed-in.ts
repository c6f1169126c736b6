/** Who is signed in, until when, and the buttons to sign out. */
import { el, setText, shown } from '../dom';
import { steady } from '../signin/challenge';
import type { Session, State } from '../signin/signin';
import { tokens } from '../signin/storage';
import { card, quietButton, setBusy, showProblem, submitButton, type Context, type View } from './view';

// Tokens are renewed this long before they end, while the page can be seen.
const margin = 60_000;

/** Makes the screen. */
export function signedInView(context: Context): View<Extract<State, { step: 'signed-in' }>> {
  const { signIn, settings, language } = context;
  const w = language.words;
  const who = el('p', { className: 'who' });
  const until = el('p', { className: 'intro', id: 'until' });
  const notKept = el('p', { className: 'hint', id: 'not-kept', hidden: true }, w.notKept);
  const next = el('p', { className: 'hint', id: 'next' }, w.whereNext);
  const mark = el('div', { className: 'done', aria: { hidden: 'true' } });
  const c = card(w.signedInTitle, () => {
    showProblem(c, '');
    context.run(() => signIn.signOut());
  });
  const everywhere = quietButton(w.signOutEverywhere, () => {
    showProblem(c, '');
    context.run(() => signIn.signOutEverywhere());
  });
  const change = quietButton(w.changeAddress, () => {
    showProblem(c, '');
    context.run(() => signIn.change());
  });
  c.form.classList.add('centred');
  c.form.append(mark, c.heading, who, next, until, notKept, c.alert, submitButton(w.signOut, 'primary secondary'), el('p', { className: 'aside' }, everywhere));
  if (settings.changeAddress) c.form.append(el('p', { className: 'aside' }, change));

  let current: Session | undefined;
  let end = Infinity;
  const renew = () => {
    if (!document.hidden && steady() > end - margin && !signIn.busy) {
      end = steady() + 2 * margin; // the next try, should this one fail
      context.run(() => signIn.renew());
    }
  };
  const timer = setInterval(renew, 10_000);
  document.addEventListener('visibilitychange', renew);

  return {
    element: c.form,
    title: w.signedInTitle,
    update({ session }, busy) {
      if (who.textContent !== session.email) who.replaceChildren(shown(session.email));
      if (session !== current) end = steady() + session.expiresAt - Date.now();
      current = session;
      until.dataset['expires'] = new Date(session.expiresAt).toISOString();
      setText(until, w.signedInUntil.replace('{time}', language.time(session.expiresAt)));
      notKept.hidden = !tokens.inMemory;
      setBusy(c.form, busy);
    },
    problem: (id) => showProblem(c, language.problem(id, 0)),
    focus: () => c.heading.focus(),
    close() {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', renew);
    },
  };
}
