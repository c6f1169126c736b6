/**
 * What a reload needs to go on with a sign-in: the address and the challenge's parameters, in
 * sessionStorage. No code and no token; Cognito's Session is kept by Amplify.
 */
import type { State } from './state';

const memory = 'emailotp.sign-in';

// Amplify picks up a sign-in after a reload for this long after its last round (its signInStore).
const lifetime = 3 * 60 * 1000;

/** Keeps state for a reload. */
export function remember(state: Kept['state']): void {
  try {
    sessionStorage.setItem(memory, JSON.stringify({ at: Date.now(), state } satisfies Kept));
  } catch {
    // Storage is full or forbidden: a reload starts again.
  }
}

/** Returns what was kept, and whether Amplify can still go on with it. */
export function recall(): (Kept & { resumable: boolean }) | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(memory) ?? 'null') as Kept | null;
    if (!kept?.state.email) return undefined;
    const age = Date.now() - kept.at;
    return { ...kept, resumable: age >= 0 && age < lifetime };
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

/** Kept is an unfinished sign-in and when its last round was. */
export interface Kept {
  at: number;
  state: Extract<State, { step: 'code' | 'new-password' }>;
}
