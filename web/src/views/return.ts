/** On the way back to the app that sent the user, and where there is no way back. */
import { el } from '../dom';
import type { DeadEnd, WayBack } from '../handover';
import type { State } from '../signin/signin';
import { card, setBusy, showProblem, submitButton, type Context, type View } from './view';

/** Makes the screen that hands the tokens over, at once and again where that failed. */
export function returnView(context: Context, app: WayBack, stuck: (why: DeadEnd) => void): View<Extract<State, { step: 'signed-in' }>> {
  const { signIn, language } = context;
  const w = language.words;
  const mark = el('div', { className: 'done', aria: { hidden: 'true' } });
  const again = submitButton(w.tryAgain);
  const c = card(w.signedInTitle, () => void handOver());
  c.form.classList.add('centred');
  c.form.append(mark, c.heading, el('p', { className: 'intro' }, w.returning), c.alert, again);

  async function handOver(): Promise<void> {
    showProblem(c, '');
    again.hidden = true;
    setBusy(c.form, true);
    const outcome = await app.handOver();
    setBusy(c.form, false);
    if (outcome === 'left') return;
    if (outcome === 'sign-in-again') return void signIn.resume().catch(() => undefined);
    if (outcome !== 'try-again') return stuck(outcome);
    again.hidden = false;
    showProblem(c, language.problem(navigator.onLine ? 'unavailable-app' : 'offline', 0));
    again.focus();
  }
  void handOver();

  return {
    element: c.form,
    title: w.signedInTitle,
    update: () => undefined,
    problem: (id) => showProblem(c, language.problem(id, 0)),
    focus: () => c.heading.focus(),
  };
}

/** Makes the screen for a request that leads nowhere. It shows nothing of the request. */
export function deadEndView(context: Context, why: DeadEnd): View {
  const w = context.language.words;
  const c = card(w.deadEndTitle, () => history.back());
  c.form.append(c.heading, c.alert, submitButton(w.goBack));
  return {
    element: c.form,
    title: w.deadEndTitle,
    update: () => showProblem(c, w.deadEnds[why]),
    problem: () => undefined,
    focus: () => c.heading.focus(),
  };
}
