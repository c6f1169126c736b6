/**
 * The secret of a remembered device: 32 random bytes in localStorage, by which a password pool leaves out
 * the mailed code for some days. It outlives a sign-out. No address is kept beside it.
 */

const prefix = 'emailotp.device.';

/** Device is this browser, for one user of one app client. */
export class Device {
  private constructor(private readonly key: string) {}

  /** Returns the device of a user. */
  static async of(clientId: string, username: string): Promise<Device> {
    const name = await sha256(new TextEncoder().encode(`${clientId}\n${username.toLowerCase()}`));
    return new Device(prefix + name);
  }

  /** The secret, if this device may be remembered. */
  get secret(): string | undefined {
    try {
      return localStorage.getItem(this.key) ?? undefined;
    } catch {
      return undefined; // The browser forbids storage.
    }
  }

  /** Keeps a secret where the browser allows it. */
  keep(secret: string): void {
    try {
      localStorage.setItem(this.key, secret);
    } catch {
      // Storage is full or forbidden: the next sign-in requires a code.
    }
  }

  drop(): void {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // As in keep.
    }
  }
}

/** Draws a secret, and the commitment by which the pool knows it. */
export async function draw(): Promise<{ secret: string; commitment: string }> {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return { secret: base64url(bytes), commitment: await sha256(bytes) };
}

const sha256 = async (bytes: Uint8Array<ArrayBuffer>) => base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));

const base64url = (bytes: Uint8Array) =>
  btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
