/** Another address for the account: which one, and the codes from both mailboxes. */
import { el, sentence, setText, shown } from '../dom';
import { digits, steady } from '../signin/challenge';
import type { ProblemID } from '../signin/problem';
import type { State } from '../signin/signin';
import { CodeField } from './code-field';
import { addressField, card, codeInput, quietButton, setBusy, showProblem, submitButton, type Context, type View } from './view';

/** Makes the screen that asks for the new address. */
export function changeView(context: Context): View<Extract<State, { step: 'change' }>> {
  const { signIn, language } = context;
  const w = language.words;
  const intro = el('p', { className: 'intro' });
  const email = addressField('new-email', w.newEmail, '');
  const c = card(w.changeAddress, () => {
    showProblem(c, '');
    context.run(() => signIn.mailCodes(email.input.value));
  });
  c.form.append(c.heading, intro, email.wrapper, submitButton(w.sendCodes), el('p', { className: 'aside' }, quietButton(w.goBack, () => signIn.cancel())));
  showProblem(c, '');
  return {
    element: c.form,
    title: w.changeAddress,
    update(state, busy) {
      intro.replaceChildren(...sentence(w.changeIntro, { email: shown(state.email) }));
      email.input.value ||= state.to ?? '';
      setBusy(c.form, busy);
    },
    problem: (id, after) => showProblem(c, language.problem(id, 0, after), id.endsWith('-email') || id === 'same-address' ? email.input : undefined),
    focus: () => email.input.focus(),
  };
}

/** Makes the screen that takes both codes. */
export function changeCodesView(context: Context): View<Extract<State, { step: 'change-codes' }>> {
  const { signIn, language } = context;
  const w = language.words;
  const intro = el('p', { className: 'intro', id: 'intro' });
  const expiry = el('p', { className: 'expiry' });
  const inputs = [codeInput('present-code', w.presentCode, 'intro', 'code'), codeInput('new-code', w.newMailCode, 'intro', 'code')];
  let length = 0;
  let end = 0;
  // The last digit of both submits; that of one leads to the other.
  const fields = inputs.map((made, i) => new CodeField(made, () => {
    const other = inputs[1 - i]!.input;
    if (digits(other.value).length === length) submit();
    else other.focus();
  }));
  const submit = () => {
    showProblem(c, '');
    context.run(() => signIn.confirmChange(inputs[0]!.input.value, inputs[1]!.input.value));
  };
  const c = card(w.changeAddress, submit);
  c.form.append(c.heading, intro, ...inputs.map((made) => made.wrapper), submitButton(w.confirm), expiry,
    el('p', { className: 'aside' }, quietButton(w.startOver, () => context.run(() => signIn.change()))));
  showProblem(c, '');
  const tick = () => {
    const left = end - steady();
    setText(expiry, left > 0 ? w.expires.replace('{when}', language.when(left, Math.round)) : w.expired);
    expiry.classList.toggle('over', left <= 0);
  };
  const timer = setInterval(tick, 1000);
  const atFault = (id: ProblemID) => (id === 'code-shape' ? inputs.find(({ input }) => digits(input.value).length !== length) : id === 'wrong-codes' ? inputs[0] : undefined);
  return {
    element: c.form,
    title: w.changeAddress,
    update(state, busy) {
      intro.replaceChildren(...sentence(w.changeSent.replace('{count}', String(state.codeLength)), { email: shown(state.email), new: shown(state.to) }));
      ({ codeLength: length, expiresAt: end } = state);
      for (const each of fields) each.setLength(length);
      tick();
      setBusy(c.form, busy);
    },
    problem: (id, after) => showProblem(c, language.problem(id, length, after), atFault(id)?.input),
    focus: () => inputs[0]!.input.focus(),
    close: () => clearInterval(timer),
  };
}
