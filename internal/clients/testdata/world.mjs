// What the scripts share: where the sandbox is, and the mails in its inbox.
export const config = JSON.parse(process.env.EMAILOTP_WORLD);

/** Waits for the newest mail to an address since then, and returns its code. */
export async function code(address, since) {
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) {
    const mails = await (await fetch(`${config.inboxUrl}/api/messages?to=${encodeURIComponent(address)}&since=${since}`)).json();
    const line = mails[0]?.text.split('\n').find((l) => /^\s*\d[\d ]{5,}\s*$/.test(l));
    if (line) return line.replaceAll(/\s/g, '');
  }
  throw new Error(`no mail to ${address}`);
}

/** Another code of the same length. */
export const wrong = (right) => right.slice(0, -1) + ((Number(right.at(-1)) + 1) % 10);

export function assert(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
}

/** The error that a promise is rejected with. */
export async function rejected(promise, what) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`it went well, and should not: ${what}`);
}
