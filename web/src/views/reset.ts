/** A forgotten password: where to send a code, and the code with a new password. */
import { el, sentence, shown } from '../dom';
import type { ProblemID } from '../signin/problem';
import type { State } from '../signin/signin';
import { addressField, card, codeInput, newPasswordField, quietButton, setBusy, showProblem, submitButton, type Context, type View } from './view';

/** Makes the screen that asks for the address. */
export function forgotView(context: Context, typed: string): View<Extract<State, { step: 'start' }>> {
  const { signIn, language } = context;
  const w = language.words;
  const email = addressField('email', w.email, typed);
  const c = card(w.resetTitle, () => {
    showProblem(c, '');
    context.run(() => signIn.forgot(email.input.value));
  });
  c.form.append(c.heading, el('p', { className: 'intro' }, w.resetStart), email.wrapper, submitButton(w.sendCode),
    el('p', { className: 'aside' }, quietButton(w.signIn, () => context.turn('sign-in', email.input.value))));
  showProblem(c, '');
  return {
    element: c.form,
    title: w.resetTitle,
    update: (_, busy) => setBusy(c.form, busy),
    problem: (id) => showProblem(c, language.problem(id, 0), email.input),
    focus: () => email.input.focus(),
  };
}

/** Makes the screen that takes the code and a new password. */
export function resetView(context: Context): View<Extract<State, { step: 'reset' }>> {
  const { signIn, settings, language } = context;
  const w = language.words;
  const intro = el('p', { className: 'intro', id: 'intro' });
  const code = codeInput('code', w.code, 'intro');
  const password = newPasswordField(context, w.newPassword);
  const c = card(w.resetTitle, () => {
    showProblem(c, '');
    context.run(() => signIn.reset(code.input.value, password.input.value));
  });
  c.form.append(c.heading, intro, code.wrapper, password.wrapper, submitButton(w.savePassword),
    el('p', { className: 'aside' }, quietButton(w.otherAddress, () => signIn.cancel())));
  showProblem(c, '');
  const atFault = (id: ProblemID) => (id === 'reset-code' || id === 'code-shape' ? code.input : id === 'weak-password' || id === 'missing-password' ? password.input : undefined);
  return {
    element: c.form,
    title: w.resetTitle,
    update(state, busy) {
      // One sentence for every address: it does not show who has an account.
      intro.replaceChildren(...sentence(w.resetSent, { email: shown(state.email) }));
      setBusy(c.form, busy);
    },
    problem: (id) => showProblem(c, language.problem(id, id === 'code-shape' ? 6 : settings.passwordLength ?? 8), atFault(id)),
    focus: () => code.input.focus(),
  };
}
