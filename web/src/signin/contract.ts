/**
 * The names that clients and the trigger functions share. The Go package internal/contract has the same
 * ones, and its tests fail on a name that only one side has.
 */

/** The keys of a challenge's parameters. All values are texts. */
export const challengeParams = [
  'codeLength', 'attemptsLeft', 'resendsLeft', 'expiresAt', 'resendAvailableAt', 'now', 'reason', 'challenge',
  'codeDeliveryDestination',
] as const;

/** The values of the parameter `reason`: what became of the last answer. */
export const reasons = ['sent', 'wrong-code', 'expired', 'resent', 'resend-too-soon', 'new-code'] as const;

/** The ids of the triggers' refusals, which end an error's message as "(emailotp:<id>)". */
export const refusals = [
  'unavailable', 'malformed', 'unverified-address', 'no-address', 'undeliverable-address', 'sign-in-again', 'not-allowed',
  'sign-up-address',
] as const;

/** The client metadata that requests the mail again in place of an answer. */
export const resendRequest = { action: 'resend' } as const;

/** The client metadata by which a client states that it holds a remembered device's secret, or answers with it. */
export const deviceRequest = { action: 'device' } as const;

/** The client metadata that has a device remembered beside a right code, by the hash of its secret. */
export const rememberRequest = (commitment: string) => ({ action: 'remember', device: commitment }) as const;

export type ChallengeParam = (typeof challengeParams)[number];
/** A pool with a newer EmailOTP may send further reasons; the page shows no sentence for those. */
export type Reason = (typeof reasons)[number];
export type Refusal = (typeof refusals)[number];
