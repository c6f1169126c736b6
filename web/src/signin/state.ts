/** Where a person stands in a sign-in. */
import type { Challenge } from './challenge';

/** Session is a person who is signed in. */
export interface Session {
  email: string;
  /** The user's unchanging id. */
  sub: string;
  /** When the tokens end unless they are renewed, in milliseconds of Date.now(). */
  expiresAt: number;
}

/** Notice says why a person is back at the start, where that needs a word. */
export type Notice = 'signed-out' | 'signed-out-everywhere' | 'signed-out-elsewhere' | 'not-resumed' | 'password-changed';

/** State is where a person stands. */
export type State =
  | { step: 'start'; email: string; notice?: Notice }
  | { step: 'new-password'; email: string }
  | { step: 'code'; email: string; challenge: Challenge; isNew: boolean }
  | { step: 'signed-in'; session: Session };
