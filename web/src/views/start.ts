/** The start: the address, in password mode the password, and the way to a new account. */
import { el, sentence, setText, shown as shownAddress } from '../dom';
import type { ProblemID } from '../signin/problem';
import type { State } from '../signin/signin';
import { addressField, card, passwordField, quietButton, setBusy, showProblem, submitButton, type Context, type View } from './view';

/** Makes the screen, to sign in or to create an account. */
export function startView(context: Context, purpose: 'sign-in' | 'sign-up', typed: string): View<Extract<State, { step: 'start' }>> {
  const { signIn, settings, language } = context;
  const w = language.words;
  const isNew = purpose === 'sign-up';
  const withPassword = settings.mode === 'password';
  const title = isNew ? w.signUpTitle : w.signIn;

  const email = addressField('email', w.email, typed);
  const password = withPassword ? passwordField('password', w.password, w.showPassword, 'current-password') : undefined;

  const c = card(title, () => {
    showProblem(c, '');
    setText(c.notice, '');
    context.run(() => (isNew ? signIn.signUp(email.input.value) : signIn.start(email.input.value, password?.input.value)));
  });
  const intro = isNew ? w.signUpIntro : withPassword ? w.startIntroPassword : w.startIntro;
  c.form.append(c.heading, el('p', { className: 'intro' }, intro), c.notice, email.wrapper);
  if (password) c.form.append(password.wrapper);
  c.form.append(submitButton(w.continue));
  if (withPassword && settings.recovery === 'email') {
    c.form.append(el('p', { className: 'aside' }, quietButton(w.forgotPassword, () => context.turn('forgot', email.input.value))));
  } else if (withPassword && settings.support) {
    const mailto = `mailto:${settings.support.replace(/[^@]+/g, encodeURIComponent)}`;
    const support = el('a', { href: mailto }, shownAddress(settings.support));
    c.form.append(el('p', { className: 'hint', id: 'forgotten' }, ...sentence(w.forgottenHelp, { support })));
  }
  showProblem(c, '');
  if (settings.signUp && !withPassword) {
    c.form.append(el('p', { className: 'aside' }, isNew ? w.haveAccount : w.newHere, ' ',
      quietButton(isNew ? w.signIn : w.createAccount, () => context.turn(isNew ? 'sign-in' : 'sign-up', email.input.value))));
  }

  let shown: State | undefined;
  return {
    element: c.form,
    title,
    update(state, busy) {
      if (email.input.value === '') email.input.value = state.email;
      // A notice shows once, until the next action.
      if (state !== shown) setText(c.notice, state.notice && !isNew ? w.notices[state.notice] : '');
      shown = state;
      setBusy(c.form, busy);
    },
    problem(id) {
      setText(c.notice, '');
      showProblem(c, language.problem(id, settings.passwordLength ?? 8), atFault(id));
    },
    focus() {
      (email.input.value !== '' && password ? password.input : email.input).focus();
    },
  };

  function atFault(id: ProblemID): HTMLInputElement | undefined {
    if (['invalid-email', 'unmailable-email', 'sign-up-address'].includes(id)) return email.input;
    return id === 'missing-password' || id === 'wrong-password' ? password?.input ?? email.input : undefined;
  }
}
