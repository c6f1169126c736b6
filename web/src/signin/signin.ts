/**
 * Sign-in by mailed code to an Amazon Cognito user pool with an EmailOTP, without any user interface:
 * its steps as one observable state, and the actions that lead from one to the next.
 *
 * The folder needs `aws-amplify` 6, configured by `Amplify.configure`, and nothing else. Lift it into
 * an app as it is:
 *
 *     const signIn = new EmailSignIn({ mode: 'passwordless' });
 *     signIn.subscribe((state) => draw(state));
 *     await signIn.resume();                    // a user who is signed in, or an unfinished sign-in
 *     await signIn.start('user@example.com');    // state.step becomes 'code'
 *     await signIn.answer('1234 5678');         // state.step becomes 'signed-in'
 *
 * Every action resolves to the state it led to and rejects with a {@link Problem}. One action runs at
 * a time: a second call while one runs (a double click) gets the first one's promise.
 *
 * Amplify keeps the tokens, in localStorage unless it is configured otherwise. This module keeps the address
 * and the challenge's parameters (no code, no token) in sessionStorage, so that a reload goes on.
 */
import { confirmResetPassword, confirmSignIn, fetchAuthSession, resetPassword, signIn, signOut, signUp } from 'aws-amplify/auth';
import type { SignInOutput } from 'aws-amplify/auth';
import { isAddressShaped, isMailable, normalizeAddress } from './address';
import { challengeOf, digits, steady } from './challenge';
import { call, type Answer } from './change';
import { deviceRequest, rememberRequest, resendRequest } from './contract';
import { Device, draw } from './device';
import { forget, recall, remember } from './memory';
import { messageOf, nameOf, Problem, problemOf, refusalOf, survivable, type Phase } from './problem';
import type { Notice, Session, State } from './state';

export { isMailable, normalizeAddress } from './address';
export { english } from './english';
export { digits, group, steady, type Challenge, type Reason } from './challenge';
export { Problem, type ProblemID } from './problem';
export type { Notice, Session, State } from './state';

/** Mode is the user pool's: a password and a mailed code, or a mailed code alone. */
export type Mode = 'password' | 'passwordless';

/** Options of {@link EmailSignIn}. */
export interface Options {
  mode: Mode;
  /** The user pool's API; by default that of the region whose tokens we hold. A sandbox has its own. */
  endpoint?: string;
  /** Attributes that a new user writes at sign-up; they choose the language and time zone of mails. */
  signUpAttributes?: { locale?: string; zoneinfo?: string };
  /** Tells sign-ins of the same tab apart: one that a reload interrupted goes on under the same key alone. */
  key?: string;
  /** The app client's id, where its pool remembers devices: their secrets are kept apart by it. */
  devicesOf?: string;
  /** Where users change their address: the sign-in page's `account/email`; none by default. */
  changeAddress?: string;
  /** How long an action may take in milliseconds; 30 s by default, for Cognito may call a trigger thrice. */
  timeout?: number;
}

/** EmailSignIn is the sign-in of one user; see the module. */
export class EmailSignIn {
  private readonly options: Options;
  private readonly listeners = new Set<(state: State, busy: boolean) => void>();
  private current: State = { step: 'start', email: '' };
  private running: Promise<State> | undefined;
  private generation = 0;
  private runningGeneration = 0;
  private wantsChange = false;

  constructor(options: Options) {
    this.options = options;
  }

  /** The present state. It is replaced, never changed, so it can be compared by identity. */
  get state(): State {
    return this.current;
  }

  /** Whether an action runs that the present state waits for. */
  get busy(): boolean {
    return this.running !== undefined && this.runningGeneration === this.generation;
  }

  /** Calls listener after every change of state or busy; the result ends that. */
  subscribe(listener: (state: State, busy: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /**
   * Picks up a user who is signed in (in another tab, too), or a sign-in that a reload interrupted. An
   * unfinished one that can't be picked up leads to the start with a notice.
   */
  resume(): Promise<State> {
    return this.act(async (set) => {
      const session = await this.session();
      const before = this.current;
      const kept = recall(this.options.key ?? '');
      const isOf = (state: State) => session && 'session' in state && state.step !== 'signed-in' && state.session.sub === session.sub;
      if (isOf(before)) return; // another tab renewed the tokens
      if (session) return set(kept?.resumable && isOf(kept.state) ? kept.state : { step: 'signed-in', session });
      if ('session' in before) return set(this.startAgain('signed-out-elsewhere'));
      if (before.step !== 'start' || !kept) return;
      if (kept.resumable && kept.state.step !== 'change-codes') return set(kept.state);
      forget();
      set({ step: 'start', email: kept.state.email, notice: 'not-resumed' });
    });
  }

  /** Starts a sign-in; password mode needs the password. */
  start(email: string, password?: string): Promise<State> {
    return this.act((set) => this.begin(set, email, password, false));
  }

  /**
   * Creates an account in passwordless mode and starts its first sign-in. An address that has an
   * account already is signed in to it: the mailed code proves the same thing either way.
   */
  signUp(email: string): Promise<State> {
    return this.act(async (set) => {
      const username = mailable(email);
      try {
        await this.register(username);
      } catch (error) {
        if (nameOf(error) !== 'UsernameExistsException') throw this.problem(error, 'sign-up');
      }
      await this.begin(set, username, undefined, true);
    });
  }

  /**
   * Answers with the typed or pasted code. An answer that can't be a code fails without a request. On
   * request a right code has this browser remembered, with the option devicesOf.
   */
  answer(code: string, remember = false): Promise<State> {
    return this.act(async (set) => {
      const { challenge, email } = this.expect('code');
      const clean = digits(code);
      if (clean === '' || (challenge.codeLength > 0 && clean.length !== challenge.codeLength)) throw new Problem('code-shape');
      const device = remember ? await this.device(email) : undefined;
      const drawn = device && (await draw());
      await this.respond(set, clean, drawn && rememberRequest(drawn.commitment));
      if (drawn && 'session' in this.current) device.keep(drawn.secret);
    });
  }

  /**
   * Requests the mail again. If that is too early, the challenge's reason is 'resend-too-soon'. In passwordless
   * mode a sign-in that is over is started anew.
   */
  resend(): Promise<State> {
    return this.act(async (set) => {
      const { email, isNew } = this.expect('code');
      try {
        await this.respond(set, 'resend', resendRequest);
      } catch (error) {
        const over = error instanceof Problem && (error.id === 'session-over' || error.id === 'no-attempts-left');
        if (!over || this.options.mode !== 'passwordless') throw error;
        await this.begin(set, email, undefined, isNew);
      }
    });
  }

  /** Sets the new password that the pool requires. */
  setPassword(password: string): Promise<State> {
    return this.act(async (set) => {
      this.expect('new-password');
      if (password === '') throw new Problem('missing-password');
      await this.respond(set, password);
    });
  }

  /**
   * Has Cognito mail a code that sets a new password, in a pool that resets passwords by e-mail. The
   * state is the same for every address: for one without an account, or one that can't be recovered.
   */
  forgot(email: string): Promise<State> {
    return this.act(async (set) => {
      const username = mailable(email);
      try {
        await this.inTime(resetPassword({ username }));
      } catch (error) {
        const problem = this.problem(error, 'reset');
        if (problem.id !== 'reset-code') throw problem;
      }
      set({ step: 'reset', email: username });
    });
  }

  /** Sets a new password by the code from the reset mail, and goes on to sign in with it. */
  reset(code: string, password: string): Promise<State> {
    return this.act(async (set) => {
      const { email } = this.expect('reset');
      const confirmationCode = digits(code);
      if (confirmationCode.length !== resetDigits) throw new Problem('code-shape');
      if (password === '') throw new Problem('missing-password');
      try {
        await this.inTime(confirmResetPassword({ username: email, confirmationCode, newPassword: password }));
      } catch (error) {
        throw this.problem(error, 'reset');
      }
      set({ step: 'start', email, notice: 'password-changed' }); // where the sign-in stays if it fails
      await this.begin(set, email, password, false);
    });
  }

  /**
   * Begins to change the address, with the option changeAddress. The function requires a sign-in of the last
   * 5 minutes: after an older one the state is `start`, and `change` after the next sign-in.
   */
  change(): Promise<State> {
    return this.act(async (set) => {
      const { session, to } = { to: undefined, ...this.expect('signed-in', 'change-codes') };
      const { tokens } = await this.inTime(fetchAuthSession());
      // A wrong clock here does no harm: the function is the judge.
      if (Date.now() / 1000 - Number(tokens?.accessToken.payload['auth_time']) > freshness) return this.leave(set, 'sign-in-first');
      set(changeOf(session, to));
    });
  }

  /** Has a code mailed to the present address and another one to the new one. */
  mailCodes(email: string): Promise<State> {
    return this.act(async (set) => {
      const { session } = this.expect('change', 'change-codes');
      const to = mailable(email);
      const answer = await this.request(set, '', { email: to });
      if (answer) this.keep(set, { ...changeOf(session), step: 'change-codes', to, codeLength: answer.digits, expiresAt: steady() + answer.expires_in * 1000 });
    });
  }

  /** Changes the address with both codes, which ends all sign-ins of the user. */
  confirmChange(presentCode: string, newCode: string): Promise<State> {
    return this.act(async (set) => {
      const { session, to, codeLength } = this.expect('change-codes');
      const [present_code, new_code] = [digits(presentCode), digits(newCode)];
      if (present_code.length !== codeLength || new_code.length !== codeLength) throw new Problem('code-shape');
      const answer = await this.request(set, '/confirm', { email: to, present_code, new_code });
      if (!answer) return;
      if (!answer.signed_out) await this.inTime(this.globalSignOut()).catch(() => undefined);
      (await this.device(session.email))?.drop();
      await this.leave(set, 'address-changed', to);
    });
  }

  /** Leaves the sign-in for the start. An answer that is under way still counts if it is right. */
  cancel(): void {
    this.generation++;
    this.wantsChange = false;
    forget();
    this.become('session' in this.current ? { step: 'signed-in', session: this.current.session } : this.startAgain());
  }

  /** Renews the tokens. A user who was signed out elsewhere gets to the start, with a notice. */
  renew(): Promise<State> {
    return this.act(async (set) => {
      const session = await this.session('renewed');
      set(session ? { step: 'signed-in', session } : this.startAgain('signed-out-elsewhere'));
    });
  }

  /** Signs out here: revokes the refresh token if Cognito can be reached, and forgets all tokens. */
  signOut(): Promise<State> {
    return this.act(async (set) => {
      const next = this.startAgain('signed-out');
      await this.inTime(signOut());
      set(next);
    });
  }

  /** Signs out on all devices, or fails and leaves everything as it is. This browser is no longer remembered. */
  signOutEverywhere(): Promise<State> {
    return this.act(async (set) => {
      const device = this.current.step === 'signed-in' ? await this.device(this.current.session.email) : undefined;
      const next = this.startAgain('signed-out-everywhere');
      // Amplify's own signOut({ global: true }) hides whether Cognito did it.
      await this.inTime(this.globalSignOut()).catch((error) => {
        throw this.problem(error, 'session');
      });
      await this.inTime(signOut());
      device?.drop();
      set(next);
    });
  }

  private async begin(set: Setter, email: string, password: string | undefined, isNew: boolean): Promise<void> {
    const username = mailable(email);
    const withPassword = this.options.mode === 'password';
    const phase = withPassword ? 'password' : 'start';
    if (withPassword && !password) throw new Problem('missing-password');
    const device = await this.device(username);
    let output: SignInOutput;
    try {
      output = await this.inTime(signIn(withPassword
        ? { username, password: password!, options: { authFlowType: 'CUSTOM_WITH_SRP', ...(device?.secret && { clientMetadata: deviceRequest }) } }
        : { username, options: { authFlowType: 'CUSTOM_WITHOUT_SRP' } }));
    } catch (error) {
      if (nameOf(error) !== 'UserAlreadyAuthenticatedException') throw this.problem(error, phase);
      const session = await this.session(); // another tab was faster
      if (!session) throw this.problem(error, phase);
      return set({ step: 'signed-in', session });
    }
    if (device?.secret) output = await this.offer(device, device.secret, output);
    await this.proceed(set, output, username, isNew);
  }

  /** Answers with the secret of a remembered device where the pool accepts one, or drops it. */
  private async offer(device: Device, secret: string, output: SignInOutput): Promise<SignInOutput> {
    const next = output.nextStep;
    if (next.signInStep !== 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE') return output;
    let answered = output;
    if (next.additionalInfo?.challenge) {
      try {
        answered = await this.inTime(confirmSignIn({ challengeResponse: secret, options: { clientMetadata: deviceRequest } }));
      } catch (error) {
        throw this.problem(error, 'code');
      }
    }
    if (answered.nextStep.signInStep !== 'DONE') device.drop();
    return answered;
  }

  private async device(username: string): Promise<Device | undefined> {
    const { devicesOf, mode } = this.options;
    return devicesOf && mode === 'password' ? Device.of(devicesOf, username) : undefined;
  }

  /** Answers the present challenge, and goes back to the start where the sign-in ended. */
  private async respond(set: Setter, challengeResponse: string, clientMetadata?: Record<string, string>): Promise<void> {
    const { step, email, isNew } = { isNew: false, ...this.expect('code', 'new-password') };
    let output: SignInOutput;
    try {
      output = await this.inTime(confirmSignIn({ challengeResponse, ...(clientMetadata && { options: { clientMetadata } }) }));
    } catch (error) {
      const session = await this.session().catch(() => undefined); // another tab may have finished it
      if (session) return set({ step: 'signed-in', session });
      if (refusalOf(error) === 'sign-in-again') return set(this.startAgain('password-changed'));
      const problem = this.problem(error, step);
      if (!survivable.has(problem.id)) {
        forget();
        set({ step: 'start', email });
      }
      throw problem;
    }
    await this.proceed(set, output, email, isNew);
  }

  private async proceed(set: Setter, output: SignInOutput, email: string, isNew: boolean): Promise<void> {
    const next = output.nextStep;
    switch (next.signInStep) {
      case 'DONE': {
        const session = await this.session('just-made');
        if (!session) throw new Problem('server');
        const { wantsChange } = this;
        this.wantsChange = false;
        return set(wantsChange ? changeOf(session) : { step: 'signed-in', session });
      }
      case 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE':
        return this.keep(set, { step: 'code', email, challenge: challengeOf(next.additionalInfo ?? {}), isNew });
      case 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED':
        return this.keep(set, { step: 'new-password', email });
      case 'CONFIRM_SIGN_UP':
        throw new Problem('not-confirmed');
      case 'RESET_PASSWORD':
        throw new Problem('reset-required');
      default:
        throw new Problem('configuration', new Error(`no way to answer ${next.signInStep}`));
    }
  }

  private async register(username: string): Promise<void> {
    const userAttributes = { ...this.options.signUpAttributes };
    // Cognito requires a password. This one is forgotten.
    const password = `${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24))))}aA1!`;
    const request = (attributes: Record<string, string>) =>
      this.inTime(signUp({ username, password, options: { userAttributes: attributes } }));
    let output;
    try {
      output = await request(userAttributes);
    } catch (error) {
      // The pool may not let clients write the attributes: then mails are in its default language.
      if (!/attribute/i.test(messageOf(error)) || Object.keys(userAttributes).length === 0) throw error;
      output = await request({});
    }
    if (!output.isSignUpComplete) throw new Problem('not-confirmed');
  }

  /** Returns the session of the stored tokens, of tokens made just now, or of tokens that it renews. */
  private async session(fresh: 'as-kept' | 'just-made' | 'renewed' = 'as-kept'): Promise<Session | undefined> {
    try {
      const { tokens } = await this.inTime(fetchAuthSession({ forceRefresh: fresh === 'renewed' }));
      if (!tokens?.idToken) return undefined;
      const { sub, email, exp = 0, iat = 0 } = tokens.idToken.payload;
      return {
        sub: String(sub),
        email: typeof email === 'string' ? email : String(sub),
        // Of fresh tokens the lifetime counts, so that a wrong clock here does no harm.
        expiresAt: fresh === 'as-kept' ? exp * 1000 : Date.now() + (exp - iat) * 1000,
      };
    } catch (error) {
      throw this.problem(error, 'session');
    }
  }

  /** Calls the function that changes addresses; nothing is returned where the user has to sign in again. */
  private async request(set: Setter, path: string, body: Record<string, string>): Promise<Answer | undefined> {
    const { tokens } = await this.inTime(fetchAuthSession());
    let refused = 'invalid_token';
    const answer = tokens && (await this.inTime(call(this.options.changeAddress + path, tokens.accessToken.toString(), body, (error) => (refused = error))));
    if (!answer) await this.leave(set, refused === 'login_required' ? 'sign-in-first' : 'signed-out-elsewhere');
    return answer;
  }

  /** Signs out here and goes to the start, on to a changed address where the next sign-in is for it. */
  private async leave(set: Setter, notice: Notice, email?: string): Promise<void> {
    const next = this.startAgain(notice);
    forget();
    await this.inTime(signOut()).catch(() => undefined);
    this.wantsChange = notice === 'sign-in-first';
    set({ ...next, ...(email && { email }) } as State);
  }

  private async globalSignOut(): Promise<void> {
    const { tokens } = await fetchAuthSession();
    if (!tokens) return;
    const endpoint = this.options.endpoint ?? new URL(String(tokens.accessToken.payload.iss)).origin;
    let response: Response;
    try {
      response = await fetch(endpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': 'AWSCognitoIdentityProviderService.GlobalSignOut',
        },
        body: JSON.stringify({ AccessToken: tokens.accessToken.toString() }),
      });
    } catch (error) {
      throw new Problem('offline', error);
    }
    const type = response.ok ? '' : String((await response.json().catch(() => ({}))).__type);
    // A token that is refused was revoked already.
    if (!response.ok && !type.includes('NotAuthorizedException')) throw Object.assign(new Error(type), { name: type });
  }

  private problem(error: unknown, phase: Phase): Problem {
    return problemOf(error, phase, this.options.mode === 'password');
  }

  private act(work: (set: Setter) => Promise<void>): Promise<State> {
    if (this.running && this.busy) return this.running;
    const generation = this.generation;
    const before = this.running;
    const run = async () => {
      await before?.catch(() => undefined); // one that was cancelled; Amplify has one sign-in at a time
      await work((state) => {
        // A cancelled action may still have signed the user in.
        if (generation === this.generation || state.step === 'signed-in') this.become(state);
      });
      return this.current;
    };
    const promise = run().finally(() => {
      if (this.running === promise) this.running = undefined;
      this.notify();
    });
    this.running = promise;
    this.runningGeneration = generation;
    this.notify();
    return promise;
  }

  private keep(set: Setter, state: Extract<State, { step: 'code' | 'new-password' | 'change-codes' }>): void {
    set(state);
    if (this.current === state) remember(state, this.options.key ?? '');
  }

  private become(state: State): void {
    // A user who is signed in, by this tab or another, has no unfinished sign-in.
    if (state.step === 'signed-in' || state.step === 'change') forget();
    this.current = state;
    this.notify();
  }

  private notify(): void {
    for (const listener of [...this.listeners]) listener(this.current, this.busy);
  }

  private startAgain(notice?: Notice): State {
    const email = this.current.step === 'signed-in' ? this.current.session.email : this.current.email;
    return notice ? { step: 'start', email, notice } : { step: 'start', email };
  }

  private expect<S extends State['step']>(...steps: S[]): Extract<State, { step: S }> {
    if ((steps as string[]).includes(this.current.step)) return this.current as Extract<State, { step: S }>;
    throw new Problem('session-over');
  }

  /** Ends the wait for a connection that neither answers nor breaks. */
  private inTime<T>(work: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout>;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Problem('timeout')), this.options.timeout ?? 30_000);
    });
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
  }
}

type Setter = (state: State) => void;

// The function that changes addresses requires a sign-in that is at most so old, in seconds.
const freshness = 300;

const changeOf = (session: Session, to?: string): Extract<State, { step: 'change' }> => ({ step: 'change', email: session.email, session, ...(to && { to }) });

// Cognito's reset codes have so many digits.
const resetDigits = 6;

/** Returns the address in the form that Cognito gets it, or throws before anything is requested. */
function mailable(text: string): string {
  const address = normalizeAddress(text);
  if (!isAddressShaped(address)) throw new Problem('invalid-email');
  if (!isMailable(address)) throw new Problem('unmailable-email');
  return address;
}
