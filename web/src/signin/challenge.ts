/** The challenge of a mailed code: its parameters, and how a code is read and shown. */
import type { ChallengeParam, Reason } from './contract';

export type { Reason } from './contract';

/** Challenge has what the screen of a code shows. */
export interface Challenge {
  /** Digits in the code: 6 to 10, or 20 for the long kind; 0 if the pool doesn't send it. */
  codeLength: number;
  /** Answers left, this one included. */
  attemptsLeft: number;
  /** How many more times this sign-in may request the mail again. */
  resendsLeft: number;
  reason: Reason;
  /** The masked address that the mail went to; in password mode only. */
  destination?: string;
  /** When the code expires, in milliseconds of {@link steady}. */
  expiresAt: number;
  /** When the mail can be requested again, likewise. */
  resendAt: number;
}

/** The longest code that is called short, in digits. */
export const longestShortCode = 10;

/** A clock in milliseconds that only moves forward at its own pace, whatever the device's clock is set to. */
export const steady = () => performance.now();

/** Reads the parameters of a CUSTOM_CHALLENGE. */
export function challengeOf(p: Partial<Record<ChallengeParam, string>>): Challenge {
  const number = (key: ChallengeParam, otherwise: number) => {
    const n = Number.parseInt(p[key] ?? '', 10);
    return Number.isFinite(n) ? n : otherwise;
  };
  // Times are distances from the server's own clock, so that a wrong clock here does no harm.
  const local = (key: ChallengeParam) => {
    const distance = Date.parse(p[key] ?? '') - Date.parse(p.now ?? '');
    return steady() + (Number.isFinite(distance) ? distance : 0);
  };
  return {
    codeLength: number('codeLength', 0),
    attemptsLeft: number('attemptsLeft', 1),
    resendsLeft: number('resendsLeft', 0),
    reason: (p.reason ?? 'sent') as Reason,
    ...(p.codeDeliveryDestination && { destination: p.codeDeliveryDestination }),
    expiresAt: local('expiresAt'),
    resendAt: local('resendAvailableAt'),
  };
}

// The longest answer that is read, in characters.
const longestAnswer = 256;

/**
 * Returns the digits of what was typed or pasted, in ASCII. A digit of any script counts, everything
 * else falls away; of an answer that is too long nothing is left. The trigger functions read answers
 * by the same rule.
 */
export function digits(text: string): string {
  const characters = Array.from(text);
  return characters.length > longestAnswer ? '' : characters.map(digit).join('');
}

const decimal = /^\p{Nd}$/u;

// Unicode has the digits of each script in a row from 0 to 9, so a range of them is a multiple of ten.
function digit(character: string): string {
  if (!decimal.test(character)) return '';
  const point = character.codePointAt(0)!;
  let first = point;
  while (decimal.test(String.fromCodePoint(first - 1))) first--;
  return String((point - first) % 10);
}

/** Groups a code for display as the mail does: "1234 5678", "123 456", from 11 digits on in fours. */
export function group(code: string, codeLength = code.length): string {
  const size = [5, 6, 7, 9, 10].includes(codeLength) ? 3 : 4;
  const groups: string[] = [];
  for (let i = 0; i < code.length; ) {
    // A digit that would stand alone at the end joins the last group.
    const end = codeLength - (i + size) === 1 ? codeLength : i + size;
    groups.push(code.slice(i, end));
    i = end;
  }
  return groups.join(' ');
}
