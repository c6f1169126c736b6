/** The page's settings: which user pool it signs in to. It fetches them, so that one bundle serves all. */
import { cognitoUserPoolsTokenProvider } from '@aws-amplify/auth/cognito';
import { Amplify, syncSessionStorage } from '@aws-amplify/core';
import type { CharacterClass } from './signin/password';
import type { Mode } from './signin/signin';
import { Spill, tokenStorage } from './signin/storage';

/** Settings is the content of settings.json beside the page. */
export interface Settings {
  userPoolId: string;
  userPoolClientId: string;
  mode: Mode;
  /** The user pool's API where it isn't AWS's. */
  endpoint?: string;
  /** Whether users may create accounts; in passwordless mode only. */
  signUp?: boolean;
  /** The product's name, shown above the form. */
  product?: string;
  /** The shortest password that the pool accepts. */
  passwordLength?: number;
  /** The kinds of characters that the pool requires in a password; all four by default. */
  passwordRules?: CharacterClass[];
  /** How many days a password pool remembers a device, if it does. */
  rememberDevices?: number;
  /** The way back in for a user who forgot the password; an administrator by default. */
  recovery?: 'email' | 'administrator';
  /** The address that a user who forgot the password is sent to, where an administrator resets it. */
  support?: string;
  /** Whether the page's origin has the function by which users change their address. */
  changeAddress?: boolean;
  /** Where the footer leads to. */
  links?: { terms?: string; privacy?: string; support?: string };
  /** The local mailbox, in the sandbox. */
  inboxUrl?: string;
  /** Whether the page reloads itself after each new build, for its developers. */
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

/**
 * Configures Amplify, with storages that go on in memory where the browser's are full or forbidden. An
 * app that has the whole of aws-amplify needs no provider for its Amplify.
 */
export function configure(settings: Settings): void {
  const Auth = {
    Cognito: {
      userPoolId: settings.userPoolId,
      userPoolClientId: settings.userPoolClientId,
      ...(settings.endpoint && { userPoolEndpoint: settings.endpoint }),
    },
  };
  cognitoUserPoolsTokenProvider.setAuthConfig(Auth);
  cognitoUserPoolsTokenProvider.setKeyValueStorage(tokenStorage);
  // Amplify keeps the sign-in that is under way here, and offers no other place.
  const kept = new Spill(() => sessionStorage, 'CognitoSignInState');
  syncSessionStorage.setItem = (key, value) => kept.setItem(key, value);
  syncSessionStorage.getItem = (key) => kept.getItem(key);
  syncSessionStorage.removeItem = (key) => kept.removeItem(key);
  Amplify.configure({ Auth }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });
}
