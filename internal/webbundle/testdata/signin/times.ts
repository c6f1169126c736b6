import { challengeOf, steady } from './challenge';
import { recall, remember } from './memory';

const kept = new Map();
globalThis.sessionStorage = {
  getItem: (key) => kept.get(key), setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key),
};
const times = { now: '2026-11-21T06:25:00Z', expiresAt: '2026-11-21T06:30:00Z', resendAvailableAt: '2026-11-21T06:25:30Z' };
const minutes = (at) => Math.round((at - steady()) / 60_000);
const challenge = challengeOf(times);
remember({ step: 'code', email: 'user@example.com', challenge, isNew: false }, 'app');
const now = Date.now;
const seen = [];
for (const jump of [0, 3_600_000, -3_600_000, 60_000]) {
  Date.now = () => now() + jump;
  seen.push([minutes(challenge.expiresAt), minutes(challengeOf(times).expiresAt), recall('app').resumable].join(' '));
}
seen.push(`${minutes(recall('app').state.challenge.expiresAt)}`);
report(seen);
