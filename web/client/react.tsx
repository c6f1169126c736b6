/**
 * A React entry: the state of a sign-in as a hook, and an unstyled, accessible form.
 *
 *     const signIn = new EmailSignIn({ mode: 'passwordless' });
 *     <EmailSignInForm signIn={signIn} words={words}>{(session) => <App user={session.sub} />}</EmailSignInForm>
 */
import { useId, useState, useSyncExternalStore, type FormEvent, type JSX, type ReactNode } from 'react';
import { Problem, type EmailSignIn, type ProblemID, type Session, type State } from './signin';

/** SignInHook is what {@link useEmailSignIn} returns. */
export interface SignInHook {
  state: State;
  busy: boolean;
  /** Why the last action failed; undefined while one runs and after a success. */
  problem: ProblemID | undefined;
  /** Runs an action of the sign-in, and keeps its problem. */
  run: (action: (signIn: EmailSignIn) => Promise<State>) => void;
}

/** Follows a sign-in. Create it once, outside of components. */
export function useEmailSignIn(signIn: EmailSignIn): SignInHook {
  const subscribe = (listener: () => void) => signIn.subscribe(listener);
  const state = useSyncExternalStore(subscribe, () => signIn.state, () => signIn.state);
  const busy = useSyncExternalStore(subscribe, () => signIn.busy, () => false);
  const [problem, setProblem] = useState<ProblemID>();
  const run: SignInHook['run'] = (action) => {
    setProblem(undefined);
    action(signIn).catch((error: unknown) => setProblem(error instanceof Problem ? error.id : 'server'));
  };
  return { state, busy, problem, run };
}

/** Words are the form's texts, in the user's language. */
export interface Words {
  email: string;
  password: string;
  newPassword: string;
  /** The code's label; {count} is its number of digits. */
  code: string;
  continue: string;
  resend: string;
  startOver: string;
  /** The sentence for a problem. */
  problem: (id: ProblemID) => string;
  /** What became of the last answer, such as 'wrong-code', with the tries that are left. */
  reason: (reason: string, attemptsLeft: number) => string;
}

/** Props of {@link EmailSignInForm}. */
export interface FormProps {
  signIn: EmailSignIn;
  words: Words;
  /** Whether the pool asks for a password before the code. */
  withPassword?: boolean;
  /** What a user who is signed in sees. */
  children: (session: Session) => ReactNode;
}

/** A form for every step, without style; each element has a class name that begins with "emailotp-". */
export function EmailSignInForm({ signIn, words, withPassword = false, children }: FormProps): JSX.Element {
  const { state, busy, problem, run } = useEmailSignIn(signIn);
  const alert = useId();
  if ('session' in state) return <>{children(state.session)}</>;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const value = (name: string) => String(new FormData(event.currentTarget).get(name) ?? '');
    const [text, password] = [value('text'), value('password')];
    run((s) => {
      switch (s.state.step) {
        case 'code':
          return s.answer(text);
        case 'new-password':
          return s.setPassword(password);
        case 'reset':
          return s.reset(text, password);
        default:
          return s.start(text, withPassword ? password : undefined);
      }
    });
  };
  const isCode = state.step === 'code' || state.step === 'reset';
  const label = state.step === 'code' ? words.code.replace('{count}', String(state.challenge.codeLength)) : isCode ? words.code.replace('{count}', '6') : words.email;
  const said = problem ? words.problem(problem) : state.step === 'code' ? words.reason(state.challenge.reason, state.challenge.attemptsLeft) : '';
  const isNew = state.step === 'new-password' || state.step === 'reset';
  return (
    <form className="emailotp-form" onSubmit={submit} aria-busy={busy} noValidate>
      {state.step !== 'new-password' && (
        <label className="emailotp-label" key={state.step}>
          {label}
          <input className="emailotp-input" name="text" required readOnly={busy} aria-describedby={alert} aria-invalid={said !== ''} defaultValue={isCode ? '' : state.email}
            {...(isCode ? { inputMode: 'numeric', autoComplete: 'one-time-code', dir: 'ltr' } : { type: 'email', autoComplete: 'username', autoCapitalize: 'none' })} />
        </label>
      )}
      {(isNew || (withPassword && state.step === 'start')) && (
        <label className="emailotp-label" key={`${state.step} password`}>
          {isNew ? words.newPassword : words.password}
          <input className="emailotp-input" name="password" type="password" required readOnly={busy} aria-describedby={alert} autoComplete={isNew ? 'new-password' : 'current-password'} />
        </label>
      )}
      <p className="emailotp-alert" role="alert" id={alert}>{said}</p>
      <button className="emailotp-continue" type="submit" aria-disabled={busy}>{words.continue}</button>
      {state.step === 'code' && state.challenge.resendsLeft > 0 && (
        <button className="emailotp-resend" type="button" aria-disabled={busy} onClick={() => run((s) => s.resend())}>{words.resend}</button>
      )}
      {state.step !== 'start' && <button className="emailotp-start-over" type="button" onClick={() => signIn.cancel()}>{words.startOver}</button>}
    </form>
  );
}
