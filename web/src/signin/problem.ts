/** What can go wrong in a sign-in, as names that a user interface has sentences for. */

/** ProblemID names what went wrong; it is stable, sentences for it are the user interface's. */
export type ProblemID =
  | 'invalid-email' | 'missing-password' | 'code-shape'
  | 'wrong-password' | 'locked' | 'disabled' | 'not-confirmed' | 'reset-required' | 'temporary-password-expired'
  | 'no-attempts-left' | 'session-over' | 'weak-password' | 'no-sign-up'
  | 'throttled' | 'offline' | 'timeout' | 'server' | 'refused' | 'configuration'
  // What the triggers refuse; they end their sentences with "(emailotp:<id>)".
  | 'unavailable' | 'malformed' | 'unverified-address' | 'no-address' | 'undeliverable-address' | 'not-allowed';

/** Problem is how an action fails. */
export class Problem extends Error {
  readonly id: ProblemID;
  constructor(id: ProblemID, cause?: unknown) {
    super(id, { cause });
    this.name = 'Problem';
    this.id = id;
  }
}

/** The ways to fail in a challenge after which the person can mend it or try once more. */
export const survivable: ReadonlySet<ProblemID> = new Set<ProblemID>(['code-shape', 'weak-password', 'missing-password', 'throttled', 'offline', 'timeout']);

export const nameOf = (error: unknown) => (error instanceof Error ? error.name : '');
export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Phase is what was being done; the same words of Cognito mean different things in it. */
export type Phase = 'start' | 'password' | 'sign-up' | 'code' | 'new-password' | 'session';

/** Reads Amplify's error names, which are Cognito's, and the wording that sets some of them apart. */
export function problemOf(error: unknown, phase: Phase): Problem {
  if (error instanceof Problem) return error;
  const name = nameOf(error);
  const message = messageOf(error);
  const refusal = /\(emailotp:([a-z-]+)\)/.exec(message)?.[1];
  if (refusal && refusals.has(refusal)) return new Problem(refusal as ProblemID, error);
  // The pool judges addresses by rules of its own.
  if (name === 'InvalidParameterException' && /e-?mail/i.test(message)) return new Problem('invalid-email', error);
  return new Problem(named[name] ?? (name === 'NotAuthorizedException' || name === 'UserNotFoundException' ? unauthorized(message, phase) : 'server'), error);
}

const refusals: ReadonlySet<string> = new Set<ProblemID>(['unavailable', 'malformed', 'unverified-address', 'no-address', 'undeliverable-address', 'not-allowed']);

const named: Record<string, ProblemID> = {
  NetworkError: 'offline',
  TooManyRequestsException: 'throttled',
  LimitExceededException: 'throttled',
  TooManyFailedAttemptsException: 'throttled',
  UserLambdaValidationException: 'refused',
  UserNotConfirmedException: 'not-confirmed',
  PasswordResetRequiredException: 'reset-required',
  InvalidPasswordException: 'weak-password',
  InvalidParameterException: 'configuration',
  ResourceNotFoundException: 'configuration',
  EmptyUserIdForSRPException: 'configuration',
  // confirmSignIn without a sign-in that Amplify knows of.
  SignInException: 'session-over',
};

function unauthorized(message: string, phase: Phase): ProblemID {
  if (/session/i.test(message)) return 'session-over';
  if (/attempts exceeded/i.test(message)) return 'locked';
  if (/disabled/i.test(message)) return 'disabled';
  if (/temporary password/i.test(message)) return 'temporary-password-expired';
  if (phase === 'sign-up') return 'no-sign-up';
  if (phase === 'code') return 'no-attempts-left';
  if (phase === 'password') return 'wrong-password';
  return phase === 'start' ? 'refused' : 'session-over';
}
