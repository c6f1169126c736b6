// Amplify in Node: the life of a user in the mode of the sandbox.
import { confirmSignIn, fetchAuthSession, fetchUserAttributes, getCurrentUser, signIn, signOut, signUp } from '@aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from '@aws-amplify/auth/cognito';
import { Amplify } from '@aws-amplify/core';
import { assert, code, config, rejected, wrong } from './world.mjs';

const Auth = { Cognito: { userPoolId: config.userPoolId, userPoolClientId: config.userPoolClientId, userPoolEndpoint: config.endpoint } };
cognitoUserPoolsTokenProvider.setAuthConfig(Auth);
Amplify.configure({ Auth }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });

const passwordless = config.mode === 'passwordless';
const username = passwordless ? config.new : config.user;
const start = () => passwordless
  ? signIn({ username, options: { authFlowType: 'CUSTOM_WITHOUT_SRP' } })
  : signIn({ username, password: config.password, options: { authFlowType: 'CUSTOM_WITH_SRP' } });

if (passwordless) {
  const up = await signUp({ username, password: 'Never-to-be-used-1' });
  assert(up.isSignUpComplete, 'a new user is confirmed at once');
} else {
  const error = await rejected(signIn({ username, password: 'Wrong-password-1', options: { authFlowType: 'CUSTOM_WITH_SRP' } }), 'a wrong password');
  assert(error.name === 'NotAuthorizedException', `a wrong password is ${error.name}`);
}

const since = Date.now();
let step = (await start()).nextStep;
assert(step.signInStep === 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE', `the first step is ${step.signInStep}`);
const info = step.additionalInfo;
for (const key of ['codeLength', 'attemptsLeft', 'resendsLeft', 'expiresAt', 'resendAvailableAt', 'now', 'reason']) assert(key in info, `additionalInfo has ${key}`);
assert(!passwordless === 'codeDeliveryDestination' in info, 'the masked address is told after a password alone');

const right = await code(username, since);
assert(right.length === Number(info.codeLength), 'codeLength is that of the code');
step = (await confirmSignIn({ challengeResponse: wrong(right) })).nextStep;
assert(step.additionalInfo.reason === 'wrong-code' && step.additionalInfo.attemptsLeft === '2', `a wrong answer leads to ${JSON.stringify(step)}`);
step = (await confirmSignIn({ challengeResponse: 'resend', options: { clientMetadata: { action: 'resend' } } })).nextStep;
assert(step.additionalInfo.reason === 'resend-too-soon' && step.additionalInfo.attemptsLeft === '2', `an early resend leads to ${JSON.stringify(step)}`);
const done = await confirmSignIn({ challengeResponse: ` ${right.slice(0, 4)}-${right.slice(4)} ` });
assert(done.isSignedIn, 'the right code signs in');

const user = await getCurrentUser();
const attributes = await fetchUserAttributes();
assert(attributes.sub === user.userId && attributes.email === username && attributes.email_verified === 'true', `the attributes are ${JSON.stringify(attributes)}`);
const before = (await fetchAuthSession()).tokens;
await new Promise((r) => setTimeout(r, 1100)); // iat has seconds
const after = (await fetchAuthSession({ forceRefresh: true })).tokens;
assert(after.accessToken.payload.iat > before.accessToken.payload.iat && after.accessToken.payload.auth_time === before.accessToken.payload.auth_time, 'a refresh makes new tokens of the same sign-in');
await signOut();
assert((await fetchAuthSession()).tokens === undefined, 'nothing is left after sign-out');

const again = Date.now();
await start();
assert((await confirmSignIn({ challengeResponse: await code(username, again) })).isSignedIn, 'a second sign-in');
await signOut({ global: true });
console.log('ok');
