/** The requests of a changed address, to the function behind the sign-in page. */
import { Problem, type ProblemID } from './problem';

// What the function answers, but for what leads to another sign-in.
const problems: Record<string, ProblemID> = {
  invalid_address: 'unmailable-email', same_address: 'same-address', wrong_code: 'wrong-codes', expired: 'codes-over',
  administrator_required: 'change-administrator', not_changed: 'not-changed', too_many_requests: 'change-limit',
};

/** Answer is what the function returns: to the new address, or to both codes. */
export interface Answer {
  digits: number;
  expires_in: number;
  signed_out: boolean;
}

/** Calls the function. Nothing is returned where it requires another sign-in; refused is why. */
export async function call(url: string, token: string, body: Record<string, string>, refused: (error: string) => void): Promise<Answer | undefined> {
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  } catch (error) {
    throw new Problem('offline', error);
  }
  const answer = (await response.json().catch(() => ({}))) as Answer & { error?: string };
  if (response.ok) return answer;
  const { error = '' } = answer;
  if (response.status === 401) return void refused(error);
  throw new Problem(problems[error] ?? (response.status === 429 ? 'throttled' : 'server'), new Error(error), 1000 * Number(response.headers.get('retry-after')));
}
