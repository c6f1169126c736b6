/** An app that sent the user here to sign in (OAuth 2.0), and the way back to it with the tokens. */
import { leave } from './entries';
import type { Settings } from './settings';
import { tokens } from './signin/storage';

/** How a way back ended that can't be gone: the ids that the server and the address may have. */
export const deadEnds = ['invalid_client', 'redirect_mismatch', 'invalid_request', 'temporarily_unavailable'] as const;
export type DeadEnd = (typeof deadEnds)[number];

/** Outcome is what became of a hand-over: the user leaves, signs in again, tries again, or is stuck. */
export type Outcome = 'left' | 'sign-in-again' | 'try-again' | DeadEnd;

/** WayBack is what the page needs of an app. */
export type WayBack = Pick<App, 'signUp' | 'handOver'>;

/** App is the app that a sign-in is for, as the page's address names it. */
export class App {
  private constructor(private readonly request: string, private readonly query: URLSearchParams) {}

  /** Returns the app of an address; nothing where the page was opened without one. */
  static of(search: string): App | undefined {
    const query = new URLSearchParams(search);
    return query.has('client_id') ? new App(search.replace(/^\?/, ''), query) : undefined;
  }

  /** Returns why the server refused an app's request, where the address says so. */
  static refused(search: string): DeadEnd | undefined {
    const query = new URLSearchParams(search);
    const error = query.get('error');
    return error === null || query.has('client_id') ? undefined : known(error);
  }

  /** The address that the app expects, or nothing. */
  get hint(): string {
    return this.query.get('login_hint') ?? '';
  }

  /** Whether the app asks for a new account. */
  get signUp(): boolean {
    return this.query.get('prompt') === 'create';
  }

  /** Tells unfinished sign-ins apart, so that a reload goes on with this app's. */
  get key(): string {
    return `${this.query.get('client_id')} ${this.hint}`;
  }

  /** Makes the page sign in with the app's client, whose tokens never reach the browser's storage. */
  settings(settings: Settings): Settings {
    tokens.keepInMemory();
    return { ...settings, userPoolClientId: this.query.get('client_id')! };
  }

  /**
   * Gives the tokens to the server, forgets them, and leaves for the app. The server reads the request
   * again: the page neither checks nor changes it. Signing out would revoke what the app is about to get.
   */
  async handOver(): Promise<Outcome> {
    let response: Response;
    let body: { redirect?: string; error?: string };
    try {
      response = await fetch('/oauth2/hand-over', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          request: this.request,
          access_token: tokens.held('.accessToken'), id_token: tokens.held('.idToken'), refresh_token: tokens.held('.refreshToken'),
        }),
        signal: AbortSignal.timeout(20_000),
      });
      body = (await response.json()) as typeof body;
    } catch {
      return 'try-again';
    }
    if (response.ok && body.redirect) {
      tokens.clear();
      await leave(body.redirect);
      return 'left';
    }
    if (response.status >= 500 || body.error === 'access_denied') return 'try-again';
    tokens.clear();
    return body.error === 'invalid_grant' ? 'sign-in-again' : known(body.error ?? '');
  }
}

function known(error: string): DeadEnd {
  return deadEnds.find((id) => id === error) ?? 'invalid_request';
}
