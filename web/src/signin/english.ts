/** English sentences for an app that has no texts of its own yet. */
import type { Reason } from './contract';
import type { ProblemID } from './problem';
import type { State } from './state';

const reasons: Record<Reason, string> = {
  'sent': '',
  'wrong-code': 'That code was wrong.',
  'expired': 'That code has expired. Have the email sent again.',
  'resent': 'The email was requested again. Use the newest one.',
  'resend-too-soon': 'It is too early to send the email again. Wait a minute.',
  'new-code': 'That code was not compared. Enter the code of the newest email.',
};

const problems: Partial<Record<ProblemID, string>> = {
  'invalid-email': 'Enter an email address, such as name@example.com.',
  'unmailable-email': 'Enter an email address that mail can be sent to.',
  'code-shape': 'Enter all digits of the code.',
  'no-attempts-left': 'That code was wrong, and it was the last try. Start again.',
  'session-over': 'This sign-in has ended. Start again.',
  'wrong-password': 'The email address or the password is wrong.',
  'throttled': 'There are too many requests just now. Wait a minute.',
  'offline': 'There is no connection. Check it and try again.',
  'timeout': 'The answer took too long. Try again.',
};

/** Returns what became of the last action, and in the step `code` how many tries are left. */
export function english(state: State, problem?: ProblemID): string {
  if (problem) return problems[problem] ?? `That did not work (${problem}). Try again in a few minutes.`;
  if (state.step !== 'code') return '';
  const { reason, attemptsLeft: left, codeLength } = state.challenge;
  // A pool with a newer EmailOTP may send further reasons.
  const said = (reasons as Partial<Record<string, string>>)[reason] || `Enter the ${codeLength || ''} digits from the email.`.replace('  ', ' ');
  return `${said} ${left === 1 ? 'One try is left.' : `${left} tries are left.`}`;
}
