/** The page's states as they look, for the preview: no network, nothing that an action could do. */
import { el } from './dom';
import type { DeadEnd, Outcome, WayBack } from './handover';
import { Page } from './page';
import { steady, type Challenge, type Reason } from './signin/challenge';
import type { ProblemID } from './signin/problem';
import { Problem } from './signin/problem';
import type { State } from './signin/signin';
import type { Settings } from './settings';
import type { SignIn } from './views/view';
import { choose, Language } from './words';

const email = 'maximilian.mustermann@long-domain-name.example.com';

function code(codeLength: number, reason: Reason, change: Partial<Challenge> = {}): State {
  const now = steady();
  return {
    step: 'code', email, isNew: false,
    challenge: { codeLength, reason, attemptsLeft: 2, resendsLeft: 3, expiresAt: now + 299_000, resendAt: now + 45_000, ...change },
  };
}

const session = () => ({ email, sub: 'preview', expiresAt: Date.now() + 3_600_000 });
const signedIn = (): State => ({ step: 'signed-in', session: session() });

/** What the page shows: a state, and whether something was typed, went wrong, or runs. */
interface Still {
  state: State;
  typed?: Record<string, string>;
  problem?: ProblemID;
  busy?: boolean;
  signUp?: boolean;
  settings?: Partial<Settings>;
  app?: WayBack;
  deadEnd?: DeadEnd;
}

const stills: Record<string, () => Still> = {
  start: () => ({ state: { step: 'start', email: '' } }),
  'start-problem': () => ({ state: { step: 'start', email: 'jane' }, problem: 'invalid-email' }),
  'start-busy': () => ({ state: { step: 'start', email }, busy: true }),
  'sign-up': () => ({ state: { step: 'start', email: '' }, signUp: true }),
  password: () => ({ state: { step: 'start', email }, typed: { password: 'Correct-horse-7' }, problem: 'wrong-password', settings: { mode: 'password' } }),
  'new-password': () => ({ state: { step: 'new-password', email }, typed: { 'new-password': 'short-7' }, settings: { mode: 'password', passwordLength: 12 } }),
  reset: () => ({ state: { step: 'reset', email }, problem: 'reset-code', settings: { mode: 'password', passwordLength: 12, recovery: 'email' } }),
  code: () => ({ state: code(8, 'sent'), typed: { code: '123' } }),
  'code-wrong': () => ({ state: { ...code(8, 'wrong-code'), email: 'jane.doe@gmail.com' } as State }),
  'code-expired': () => ({ state: code(6, 'expired', { expiresAt: 0, resendAt: 0 }) }),
  'code-long': () => ({ state: code(20, 'new-code', { resendsLeft: 0 }), typed: { code: '123456789012' } }),
  'signed-in': () => ({ state: signedIn() }),
  change: () => ({ state: { step: 'change', email, session: session() }, problem: 'same-address', typed: { 'new-email': email } }),
  'change-codes': () => ({ state: { step: 'change-codes', email, session: session(), to: 'max@example.com', codeLength: 8, expiresAt: steady() + 299_000 }, typed: { 'present-code': '12345678', 'new-code': '123' } }),
  'signed-out': () => ({ state: { step: 'start', email, notice: 'signed-out' } }),
  returning: () => ({ state: signedIn(), app: { signUp: false, handOver: () => new Promise<Outcome>(() => undefined) } }),
  'not-returned': () => ({ state: signedIn(), app: { signUp: false, handOver: () => Promise.resolve<Outcome>('try-again') } }),
  'dead-end': () => ({ state: { step: 'start', email: '' }, deadEnd: 'redirect_mismatch' }),
  unavailable: () => ({ state: { step: 'start', email }, problem: 'unavailable' }),
};

// A field that takes the focus must not scroll the gallery to its frame.
const { focus } = HTMLElement.prototype;
HTMLElement.prototype.focus = function (): void {
  focus.call(this, { preventScroll: true });
};

async function main(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const still = (stills[query.get('state') ?? ''] ?? stills['start']!)();
  const scheme = query.get('scheme');
  if (scheme) document.documentElement.style.colorScheme = scheme;
  const language = await Language.load(choose([query.get('lang') ?? 'en']));
  const page = new Page(frozen(still), { userPoolId: '', userPoolClientId: '', mode: 'passwordless', signUp: true, ...given(), ...still.settings }, language, still.app);
  if (still.deadEnd) page.stop(still.deadEnd);
  else page.open('');
  if (still.signUp) document.querySelector<HTMLButtonElement>('.aside .quiet')?.click();
  for (const [id, text] of Object.entries(still.typed ?? {})) {
    const input = document.querySelector<HTMLInputElement>(`#${id}`)!;
    input.value = text;
    input.dispatchEvent(new Event('input'));
  }
  if (still.problem) document.querySelector('form')!.requestSubmit();
  document.body.append(el('span', { hidden: true, id: 'drawn' }));
}

function given(): Partial<Settings> {
  return JSON.parse(document.documentElement.dataset['settings'] ?? '{}') as Partial<Settings>;
}

/** A sign-in that stays as it is; its actions fail with the still's problem. */
function frozen({ state, busy = false, problem }: Still): SignIn {
  const act = () => (problem ? Promise.reject(new Problem(problem)) : Promise.resolve(state));
  return {
    state, busy, subscribe: () => () => undefined, cancel: () => undefined,
    resume: act, start: act, signUp: act, answer: act, resend: act, setPassword: act, forgot: act, reset: act, renew: act, change: act, mailCodes: act, confirmChange: act, signOut: act, signOutEverywhere: act,
  };
}

void main();
