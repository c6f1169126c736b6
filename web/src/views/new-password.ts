/** A new password in place of a temporary one. */
import { el } from '../dom';
import type { State } from '../signin/signin';
import { card, newPasswordField, quietButton, setBusy, showProblem, submitButton, type Context, type View } from './view';

/** Makes the screen. */
export function newPasswordView(context: Context): View<Extract<State, { step: 'new-password' }>> {
  const { signIn, settings, language } = context;
  const w = language.words;
  const password = newPasswordField(context, w.newPassword);
  // Password managers store the password under this user name.
  const username = el('input', { type: 'email', name: 'username', autocomplete: 'username', className: 'unseen', tabIndex: -1, readOnly: true, aria: { hidden: 'true' } });
  const c = card(w.newPasswordTitle, () => {
    showProblem(c, '');
    context.run(() => signIn.setPassword(password.input.value));
  });
  c.form.append(c.heading, el('p', { className: 'intro' }, w.newPasswordIntro), username, password.wrapper, submitButton(w.savePassword),
    el('p', { className: 'aside' }, quietButton(w.otherAddress, () => signIn.cancel())));
  showProblem(c, '');
  return {
    element: c.form,
    title: w.newPasswordTitle,
    update(state, busy) {
      username.value = state.email;
      setBusy(c.form, busy);
    },
    problem: (id) => showProblem(c, language.problem(id, settings.passwordLength ?? 8), id === 'weak-password' || id === 'missing-password' ? password.input : undefined),
    focus: () => password.input.focus(),
  };
}
