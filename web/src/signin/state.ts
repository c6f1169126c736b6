/** The steps of a sign-in. */
import type { Challenge } from './challenge';

/** Session is a user who is signed in. */
export interface Session {
  email: string;
  /** The user's unchanging id. */
  sub: string;
  /** When the tokens end unless they are renewed, in milliseconds of Date.now(). */
  expiresAt: number;
}

/** Notice is the reason for a return to the start, where the user needs one. */
export type Notice = 'signed-out' | 'signed-out-everywhere' | 'signed-out-elsewhere' | 'not-resumed' | 'password-changed' | 'address-changed' | 'sign-in-first';

/** State is the present step with its data. */
export type State =
  | { step: 'start'; email: string; notice?: Notice }
  | { step: 'new-password'; email: string }
  | { step: 'reset'; email: string }
  | { step: 'code'; email: string; challenge: Challenge; isNew: boolean }
  | { step: 'signed-in'; session: Session }
  /** A user who is signed in changes the address, to `to` if it was typed before. */
  | { step: 'change'; email: string; session: Session; to?: string }
  /** Both mailboxes have a code; expiresAt is in milliseconds of {@link steady}. */
  | { step: 'change-codes'; email: string; session: Session; to: string; codeLength: number; expiresAt: number };
