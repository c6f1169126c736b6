/** The page's settings: which user pool it signs in to. They are fetched, so that one bundle serves all. */
import { cognitoUserPoolsTokenProvider } from '@aws-amplify/auth/cognito';
import { Amplify } from '@aws-amplify/core';
import type { Mode } from './signin/signin';

/** Settings is the content of settings.json beside the page. */
export interface Settings {
  userPoolId: string;
  userPoolClientId: string;
  mode: Mode;
  /** The user pool's API where it isn't AWS's. */
  endpoint?: string;
  /** Whether people may create accounts; in passwordless mode only. */
  signUp?: boolean;
  /** The product's name, shown above the form. */
  product?: string;
  /** The shortest password the pool takes. */
  passwordLength?: number;
  /** The local mailbox, in the sandbox. */
  inboxUrl?: string;
  /** Whether /reload tells when the page was built anew, for who develops it. */
  live?: boolean;
}

/** Fetches the settings. */
export async function loadSettings(): Promise<Settings> {
  const response = await fetch('settings.json', { cache: 'no-cache' });
  if (!response.ok) throw new Error(`settings.json: HTTP status ${response.status}`);
  const settings = (await response.json()) as Settings;
  if (!settings.userPoolId || !settings.userPoolClientId || !['password', 'passwordless'].includes(settings.mode)) {
    throw new Error('settings.json: userPoolId, userPoolClientId or mode ("password" or "passwordless") is missing');
  }
  return settings;
}

/** Configures Amplify. Where the whole of aws-amplify is installed, its own Amplify needs no provider. */
export function configure(settings: Settings): void {
  const Auth = {
    Cognito: {
      userPoolId: settings.userPoolId,
      userPoolClientId: settings.userPoolClientId,
      ...(settings.endpoint && { userPoolEndpoint: settings.endpoint }),
    },
  };
  cognitoUserPoolsTokenProvider.setAuthConfig(Auth);
  Amplify.configure({ Auth }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });
}
