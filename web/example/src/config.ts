/** Where users sign in and what the app calls, from /config.json beside the app. */

/** Config is the content of /config.json. */
export interface Config {
  /** The user pool as issuer: https://cognito-idp.REGION.amazonaws.com/POOL_ID. */
  issuer: string;
  /** The sign-in page's document: https://PAGE/.well-known/openid-configuration. */
  discoveryUrl: string;
  clientId: string;
  /** The API that the ID token opens; it answers GET /me. */
  apiUrl: string;
}

/** Fetches the configuration. */
export async function loadConfig(): Promise<Config> {
  const response = await fetch('/config.json');
  if (!response.ok) throw new Error(`/config.json: HTTP status ${response.status}`);
  return (await response.json()) as Config;
}
