/** What can go wrong in a sign-in, as names that a user interface has sentences for. */
import { refusals, type Refusal } from './contract';

/** ProblemID names what went wrong; it is stable, sentences for it are the user interface's. */
export type ProblemID =
  | 'invalid-email' | 'unmailable-email' | 'missing-password' | 'code-shape'
  | 'wrong-password' | 'locked' | 'disabled' | 'not-confirmed' | 'reset-required' | 'temporary-password-expired'
  | 'same-address' | 'wrong-codes' | 'codes-over' | 'change-administrator' | 'not-changed' | 'change-limit'
  | 'reset-code' | 'reset-limit' | 'no-attempts-left' | 'session-over' | 'weak-password' | 'no-sign-up'
  | 'throttled' | 'offline' | 'timeout' | 'storage' | 'server' | 'refused' | 'configuration' | 'unavailable-app'
  // After a new password the page goes back to its start with a notice.
  | Exclude<Refusal, 'sign-in-again'>;

/** Problem is how an action fails. */
export class Problem extends Error {
  readonly id: ProblemID;
  /** After how many milliseconds another try may succeed; 0 if that isn't known. */
  readonly after: number;
  constructor(id: ProblemID, cause?: unknown, after = 0) {
    super(id, { cause });
    this.name = 'Problem';
    this.id = id;
    this.after = after;
  }
}

/** The problems in a challenge after which the user can correct the answer or try again. */
export const survivable: ReadonlySet<ProblemID> = new Set<ProblemID>(['code-shape', 'weak-password', 'missing-password', 'throttled', 'offline', 'timeout']);

export const nameOf = (error: unknown) => (error instanceof Error ? error.name : '');
export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Phase is what was being done; the same words of Cognito mean different things in it. */
export type Phase = 'start' | 'password' | 'sign-up' | 'code' | 'new-password' | 'reset' | 'session';

/** Returns the refusal of a trigger that an error's message ends in. */
export function refusalOf(error: unknown): Refusal | undefined {
  const id = /\(emailotp:([a-z-]+)\)/.exec(messageOf(error))?.[1];
  return refusals.find((refusal) => refusal === id);
}

/**
 * Reads Amplify's error names, which are Cognito's, and the wording that sets some of them apart. In a
 * pool without passwords no problem is one of a password.
 */
export function problemOf(error: unknown, phase: Phase, withPassword = true): Problem {
  if (error instanceof Problem) return error;
  const id = refusalOf(error) ?? identify(error, phase);
  if (id === 'sign-in-again') return new Problem('refused', error);
  return new Problem((!withPassword && neutral[id]) || id, error);
}

const neutral: Partial<Record<ProblemID, ProblemID>> = {
  'wrong-password': 'refused', 'reset-required': 'refused', 'temporary-password-expired': 'refused', 'weak-password': 'configuration',
};

function identify(error: unknown, phase: Phase): ProblemID {
  const name = nameOf(error);
  const message = messageOf(error);
  if (phase === 'reset' && refusedReset.has(name)) return 'reset-code';
  if (phase === 'reset' && name === 'LimitExceededException') return 'reset-limit';
  // The pool checks addresses by rules of its own.
  if (name === 'InvalidParameterException' && /e-?mail/i.test(message)) return 'invalid-email';
  if (name === 'NotAuthorizedException' || name === 'UserNotFoundException') return unauthorized(message, phase);
  return named[name] ?? 'server';
}

// What Cognito answers to a wrong code, and where it shows that an account can't be recovered.
const refusedReset = new Set(['CodeMismatchException', 'ExpiredCodeException', 'NotAuthorizedException', 'UserNotFoundException', 'UserNotConfirmedException', 'InvalidParameterException']);

const named: Record<string, ProblemID> = {
  NetworkError: 'offline',
  QuotaExceededError: 'storage',
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
  // confirmSignIn without a sign-in in Amplify's store.
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
