/** The sign-in by redirect. Nothing here is of this app alone: copy it. */
import { UserManager, type User } from 'oidc-client-ts';
import type { Config } from './config';

/** Auth signs users in and out. */
export class Auth {
  private readonly manager: UserManager;
  // The names that managed login, and so the page, has for them.
  private readonly logout: Record<string, string>;

  constructor(config: Config) {
    this.manager = new UserManager({
      authority: config.issuer,
      // The page's document has the issuer of the pool, and the page's own endpoints.
      metadataUrl: config.discoveryUrl,
      client_id: config.clientId,
      redirect_uri: `${location.origin}/callback`,
      revokeTokenTypes: ['refresh_token'],
    });
    this.logout = { client_id: config.clientId, logout_uri: `${location.origin}/` };
  }

  /** Finishes a sign-in that comes back with a code, and returns who is signed in. */
  async user(): Promise<User | null> {
    if (location.pathname !== '/callback') return this.manager.getUser();
    try {
      return await this.manager.signinRedirectCallback();
    } finally {
      history.replaceState(null, '', '/');
    }
  }

  /** Leaves for the sign-in page. */
  signIn(): Promise<void> {
    return this.manager.signinRedirect();
  }

  /** Revokes the refresh token and leaves for the page's sign-out, which comes back here. */
  async signOut(): Promise<void> {
    await this.manager.revokeTokens();
    await this.manager.signoutRedirect({ extraQueryParams: this.logout });
  }
}
