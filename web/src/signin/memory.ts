/**
 * What a reload needs to go on with a sign-in: the address and the challenge's parameters, in
 * sessionStorage. No code and no token; Amplify keeps Cognito's session.
 */
import { steady } from './challenge';
import type { State } from './state';

const memory = 'emailotp.sign-in';

// Amplify picks up a sign-in after a reload for this long after its last round (its signInStore).
const lifetime = 3 * 60 * 1000;

/** Keeps state for a reload; key is of the sign-ins that may go on with it. */
export function remember(state: Unfinished, key: string): void {
  try {
    sessionStorage.setItem(memory, JSON.stringify({ at: Date.now(), key, state: moved(state, -steady()) } satisfies Kept));
  } catch {
    // Storage is full or forbidden: a reload starts again.
  }
}

/** Returns what was kept for key, and whether Amplify can still go on with it. */
export function recall(key: string): { state: Unfinished; resumable: boolean } | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(memory) ?? 'null') as Kept | null;
    if (!kept?.state.email || kept.key !== key) return undefined;
    const age = Date.now() - kept.at;
    const state = moved(kept.state, steady() - age);
    return { state, resumable: age >= 0 && (state.step === 'change-codes' ? state.expiresAt > steady() : age < lifetime) };
  } catch {
    return undefined;
  }
}

/** Forgets what was kept. */
export function forget(): void {
  try {
    sessionStorage.removeItem(memory);
  } catch {
    // As in remember.
  }
}

type Unfinished = Extract<State, { step: 'code' | 'new-password' | 'change-codes' }>;

/** Kept is an unfinished sign-in or change of the address, with times as distances from `at`. */
interface Kept {
  at: number;
  key: string;
  state: Unfinished;
}

function moved(state: Unfinished, by: number): Unfinished {
  if (state.step === 'change-codes') return { ...state, expiresAt: state.expiresAt + by };
  if (state.step !== 'code') return state;
  const { challenge } = state;
  return { ...state, challenge: { ...challenge, expiresAt: challenge.expiresAt + by, resendAt: challenge.resendAt + by } };
}
