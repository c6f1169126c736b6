/** A storage for Amplify that goes on in memory where the browser's own is full or forbidden. */

/**
 * Spill is a storage like localStorage. When the browser refuses to store something, all that Spill
 * stored moves into memory, and later writes stay there: half of a set of tokens is worth nothing.
 */
export class Spill {
  private readonly kept = new Map<string, string>();
  private refused = false;

  /** area is the browser's storage; prefix begins every key that is written through this Spill. */
  constructor(private area: () => Storage, private readonly prefix: string) {}

  /** Whether what was stored is gone with the page. */
  get inMemory(): boolean {
    return this.refused && this.kept.size > 0;
  }

  /** Never writes to the browser's storage, nor reads from it. */
  keepInMemory(): void {
    this.refused = true;
    this.area = () => {
      throw new Error('kept in memory');
    };
  }

  /** Returns the value whose key ends so, of those that are held in memory. */
  held(ending: string): string | undefined {
    return [...this.kept].find(([key]) => key.endsWith(ending))?.[1];
  }

  setItem(key: string, value: string): void {
    if (!this.refused && this.attempt((area) => (area.setItem(key, value), true))) return;
    if (!this.refused) this.move();
    this.kept.set(key, value);
  }

  getItem(key: string): string | null {
    return this.kept.get(key) ?? this.attempt((area) => area.getItem(key)) ?? null;
  }

  removeItem(key: string): void {
    this.kept.delete(key);
    this.attempt((area) => area.removeItem(key));
  }

  clear(): void {
    for (const key of [...this.kept.keys(), ...this.keys()]) this.removeItem(key);
  }

  private move(): void {
    this.refused = true;
    for (const key of this.keys()) {
      const value = this.attempt((area) => area.getItem(key));
      if (value != null) this.kept.set(key, value);
      this.attempt((area) => area.removeItem(key));
    }
  }

  private keys(): string[] {
    return this.attempt((area) => Object.keys(area).filter((key) => key.startsWith(this.prefix))) ?? [];
  }

  private attempt<T>(use: (area: Storage) => T): T | undefined {
    try {
      return use(this.area());
    } catch {
      return undefined;
    }
  }
}

/** Where the tokens are. */
export const tokens = new Spill(() => localStorage, 'CognitoIdentityServiceProvider');

/** The same for `cognitoUserPoolsTokenProvider.setKeyValueStorage`, which waits for each call. */
export const tokenStorage = {
  setItem: async (key: string, value: string) => tokens.setItem(key, value),
  getItem: async (key: string) => tokens.getItem(key),
  removeItem: async (key: string) => tokens.removeItem(key),
  clear: async () => tokens.clear(),
};
