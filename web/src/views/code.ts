/** The mailed code: the field, how long it is valid, another mail, another address. */
import { el, sentence, setText, shown } from '../dom';
import { longestShortCode, steady, type Reason } from '../signin/challenge';
import type { ProblemID } from '../signin/problem';
import type { State } from '../signin/signin';
import { CodeField } from './code-field';
import { mailboxOf } from './mailboxes';
import { card, codeInput, linkButton, quietButton, setBusy, showProblem, submitButton, type Context, type View } from './view';

type CodeState = Extract<State, { step: 'code' }>;

/** Makes the screen. */
export function codeView(context: Context): View<CodeState> {
  const { signIn, settings, language } = context;
  const w = language.words;
  let state: CodeState | undefined;
  let busy = false;
  let announced = '';

  const intro = el('p', { className: 'intro', id: 'intro' });
  const long = el('p', { className: 'notice', id: 'long', hidden: true }, w.longCode);
  const expiry = el('p', { className: 'expiry' });
  const code = codeInput('code', w.code, 'intro long', 'code');
  const days = settings.mode === 'password' ? settings.rememberDevices ?? 0 : 0;
  // A user who has a choice to make below the code confirms it; otherwise the last digit does.
  const codeField = new CodeField(code, () => {
    if (days === 0) context.run(answer);
  });
  const answer = () => {
    showProblem(c, '');
    setText(c.notice, '');
    return signIn.answer(code.input.value, remember.checked);
  };
  const remember = el('input', { type: 'checkbox', id: 'remember', name: 'remember' });
  const choice = el('label', { className: 'choice', htmlFor: 'remember', hidden: days === 0 }, remember, el('span', {}, language.count(w.rememberDevice, days || 1)));
  const c = card(w.codeTitle, () => context.run(answer));
  const resend = el('button', { type: 'button', className: 'primary secondary', id: 'resend', data: { action: '' } }, el('span', {}));
  resend.addEventListener('click', () => {
    if (resend.getAttribute('aria-disabled') === 'true') return;
    showProblem(c, '');
    if (signIn.state.step === 'code' && signIn.state.challenge.resendsLeft > 0) context.run(() => signIn.resend());
    else startOver();
  });
  const ways = el('div', { className: 'ways' }, resend);
  const spent = el('p', { className: 'hint', id: 'resends-gone' }, w.resendsGone);
  const help = el('p', { className: 'hint' }, w.noMail);
  const other = quietButton(w.otherAddress, () => signIn.cancel());
  c.form.append(c.heading, intro, c.notice, code.wrapper, choice, submitButton(w.confirm), expiry, long, el('div', { className: 'again' }, spent, ways, help), el('p', { className: 'aside' }, other));
  showProblem(c, '');

  function startOver(): void {
    const email = signIn.state.step === 'code' ? signIn.state.email : '';
    signIn.cancel();
    // Without a password the user has nothing to enter again.
    if (settings.mode === 'passwordless') context.run(() => signIn.start(email));
  }

  function describe(s: CodeState): void {
    const { challenge } = s;
    const isLong = challenge.codeLength > longestShortCode;
    // Whether the longer code was mailed already, only the mailbox shows.
    const text = isLong ? w.codeLong : settings.mode === 'password' || s.isNew ? w.codeSent : w.codeSentIf;
    intro.replaceChildren(...sentence(text.replace('{count}', String(challenge.codeLength)), { email: shown(challenge.destination ?? s.email) }));
    if (!s.isNew && settings.signUp && settings.mode === 'passwordless') {
      help.replaceChildren(`${w.noMail} ${w.noAccount} `, quietButton(w.createAccount, () => {
        signIn.cancel();
        context.turn('sign-up', s.email);
      }));
    }
    const mailbox = mailboxOf(s.email);
    ways.replaceChildren(...(mailbox ? [linkButton(w.openMailbox.replace('{provider}', mailbox.name), mailbox.url)] : []), resend);
    codeField.setLength(challenge.codeLength);
    long.hidden = !isLong;
    report(s);
  }

  /** Shows what became of the last answer. */
  function report({ challenge: { reason, attemptsLeft } }: CodeState): void {
    const failures: Record<Reason, string> = {
      sent: '',
      resent: '',
      'wrong-code': language.count(w.wrongCode, attemptsLeft),
      expired: w.codeExpired,
      'resend-too-soon': w.resendTooSoon,
      'new-code': w.newCode,
    };
    const failure = failures[reason] ?? '';
    if (reason !== 'sent' && reason !== 'resend-too-soon') codeField.clear(reason === 'wrong-code');
    setText(c.notice, reason === 'resent' ? w.resent : '');
    showProblem(c, '');
    showProblem(c, failure, reason === 'resend-too-soon' ? undefined : code.input);
    if (!failure) code.input.focus();
  }

  function tick(): void {
    if (!state) return;
    const now = steady();
    const { expiresAt, resendAt, resendsLeft } = state.challenge;
    const left = expiresAt - now;
    const over = left <= 0;
    setText(expiry, over ? w.expired : w.expires.replace('{when}', language.when(left, Math.round)));
    expiry.classList.toggle('over', over);
    // Screen readers read it out twice, not every second.
    const stage = over ? 'over' : left < 60_000 ? 'soon' : '';
    if (stage !== announced) {
      announced = stage;
      if (stage) context.announce(expiry.textContent ?? '');
    }
    const again = resendsLeft > 0;
    const wait = again ? resendAt - now : 0;
    setText(resend.firstElementChild as HTMLElement, !again ? w.startOver : wait > 0 ? w.resendIn.replace('{time}', language.wait(wait)) : w.resend);
    resend.dataset['resting'] = String(wait > 0);
    spent.hidden = again;
    help.hidden = !again;
    setBusy(c.form, busy);
  }
  const timer = setInterval(tick, 1000);

  return {
    element: c.form,
    title: w.codeTitle,
    update(next, isBusy) {
      const before = state;
      state = next;
      busy = isBusy;
      tick();
      if (before?.challenge !== next.challenge) describe(next);
    },
    problem: (id: ProblemID) => {
      const digitsAsked = state?.challenge.codeLength ?? 0;
      showProblem(c, language.problem(id, digitsAsked), id === 'code-shape' ? code.input : undefined);
    },
    focus: () => code.input.focus(),
    restore: (typed) => codeField.fill(typed),
    close: () => clearInterval(timer),
  };
}
