// An app on Amplify whose users sign in by redirect, as docs/clients.md shows it.
import { Amplify } from '@aws-amplify/core';
import { fetchAuthSession, getCurrentUser, signInWithRedirect, signOut } from '@aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from '@aws-amplify/auth/cognito';
import '@aws-amplify/auth/enable-oauth-listener';

const config = await (await fetch('/config.json')).json();
const Auth = {
  Cognito: {
    userPoolId: config.userPoolId,
    userPoolClientId: config.clientId,
    userPoolEndpoint: config.endpoint,
    loginWith: {
      oauth: {
        domain: config.domain,
        scopes: ['openid', 'email', 'profile'],
        redirectSignIn: [`${location.origin}/callback`],
        redirectSignOut: [`${location.origin}/`],
        responseType: 'code',
      },
    },
  },
};
// The package aws-amplify does this in Amplify.configure.
cognitoUserPoolsTokenProvider.setAuthConfig(Auth);
Amplify.configure({ Auth }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });

const show = (id, text) => (document.querySelector(id).textContent = text);
document.querySelector('#in').onclick = () => signInWithRedirect().catch((e) => show('#who', `failed: ${e}`));
document.querySelector('#out').onclick = () => signOut();
document.querySelector('#renew').onclick = async () => {
  const { tokens } = await fetchAuthSession({ forceRefresh: true });
  show('#renewed', tokens?.idToken?.payload.email);
};
const look = async () => {
  try {
    await getCurrentUser();
    const { tokens } = await fetchAuthSession();
    show('#who', tokens?.idToken?.payload.email);
  } catch (error) {
    show('#who', 'nobody');
  }
};
if (location.pathname === '/callback') {
  // The listener finishes the sign-in; it stores the tokens when it is done.
  for (let i = 0; i < 300; i++) {
    await look();
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (document.querySelector('#who').textContent !== 'nobody') break;
  }
} else await look();
