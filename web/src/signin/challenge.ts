/** The challenge of a mailed code: what the triggers say of it, and how a code is read and shown. */

/**
 * Reason says why a code is asked for: 'sent' in the first round, later what became of the last answer.
 * A sign-in in another version of the triggers may bring further ones.
 */
export type Reason = 'sent' | 'wrong-code' | 'expired' | 'resent' | 'resend-too-soon' | 'new-code';

/** Challenge is what a person needs to know to answer. */
export interface Challenge {
  /** Digits in the code: 6 to 10, or 20 for the long kind; 0 if the pool doesn't say. */
  codeLength: number;
  /** Answers left, this one included. */
  attemptsLeft: number;
  /** How often the mail can still be sent again in this sign-in. */
  resendsLeft: number;
  reason: Reason;
  /** The masked address that the mail went to; in password mode only. */
  destination?: string;
  /** When the code expires, in milliseconds of this machine's Date.now(), whatever time that shows. */
  expiresAt: number;
  /** From when on the mail can be sent again, likewise. */
  resendAt: number;
}

/** Reads the parameters of a CUSTOM_CHALLENGE. */
export function challengeOf(p: Record<string, string>): Challenge {
  const number = (key: string, otherwise: number) => {
    const n = Number.parseInt(p[key] ?? '', 10);
    return Number.isFinite(n) ? n : otherwise;
  };
  // Times are taken as distances from the server's own clock, so that a wrong one here does no harm.
  const local = (key: string) => {
    const distance = Date.parse(p[key] ?? '') - Date.parse(p['now'] ?? '');
    return Date.now() + (Number.isFinite(distance) ? distance : 0);
  };
  return {
    codeLength: number('codeLength', 0),
    attemptsLeft: number('attemptsLeft', 1),
    resendsLeft: number('resendsLeft', 0),
    reason: (p['reason'] ?? 'sent') as Reason,
    ...(p['codeDeliveryDestination'] && { destination: p['codeDeliveryDestination'] }),
    expiresAt: local('expiresAt'),
    resendAt: local('resendAvailableAt'),
  };
}

/** Digits of what was typed or pasted: spaces, dashes and words around them fall away. */
export function digits(text: string): string {
  return Array.from(text.slice(0, 256).normalize('NFKC'), (c) => {
    const point = c.codePointAt(0)!;
    // Arabic-Indic and Persian digits, as phones with such keyboards type them.
    if (point >= 0x660 && point <= 0x669) return String(point - 0x660);
    if (point >= 0x6f0 && point <= 0x6f9) return String(point - 0x6f0);
    return c >= '0' && c <= '9' ? c : '';
  }).join('');
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
