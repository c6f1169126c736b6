// A remembered device, by Amplify and by amazon-cognito-identity-js in Node. config.sees is true where
// the create trigger is shown the client's metadata: no code is mailed then.
import { confirmSignIn, fetchAuthSession, signIn, signOut } from '@aws-amplify/auth';
import { cognitoUserPoolsTokenProvider } from '@aws-amplify/auth/cognito';
import { Amplify } from '@aws-amplify/core';
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from 'amazon-cognito-identity-js';
import { assert, code, config } from './world.mjs';

const Auth = { Cognito: { userPoolId: config.userPoolId, userPoolClientId: config.userPoolClientId, userPoolEndpoint: config.endpoint } };
cognitoUserPoolsTokenProvider.setAuthConfig(Auth);
Amplify.configure({ Auth }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const newDevice = async () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  return { secret: base64url(secret), commitment: base64url(await crypto.subtle.digest('SHA-256', secret)) };
};
const expected = config.sees ? 'device' : 'code-or-device';
const mails = async () => (await (await fetch(`${config.inboxUrl}/api/messages?to=${encodeURIComponent(config.user)}`)).json()).length;

// Amplify
const username = config.user;
const start = (clientMetadata) => signIn({ username, password: config.password, options: { authFlowType: 'CUSTOM_WITH_SRP', clientMetadata } });
const device = await newDevice();
const since = Date.now();
await start();
let done = await confirmSignIn({ challengeResponse: await code(username, since),
  options: { clientMetadata: { action: 'remember', device: device.commitment } } });
assert(done.isSignedIn, 'the code signs in');
await signOut();

const before = await mails(), between = Date.now();
let step = (await start({ action: 'device' })).nextStep;
assert(step.additionalInfo.challenge === expected, `Amplify is asked ${JSON.stringify(step)}`);
done = await confirmSignIn({ challengeResponse: device.secret, options: { clientMetadata: { action: 'device' } } });
assert(done.isSignedIn && (await fetchAuthSession()).tokens, 'the device signs in');
assert(await mails() - before === (config.sees ? 0 : 1), `${await mails() - before} mails beside the device`);
await signOut();

// amazon-cognito-identity-js
const Storage = { setItem() {}, getItem: () => null, removeItem() {}, clear() {} };
const pool = new CognitoUserPool({ UserPoolId: config.userPoolId, ClientId: config.userPoolClientId, endpoint: config.endpoint, Storage });
const identity = (clientMetadata, answer) => new Promise((resolve, reject) => {
  const user = new CognitoUser({ Username: username, Pool: pool, Storage });
  user.setAuthenticationFlowType('CUSTOM_AUTH');
  const callbacks = {
    onSuccess: (session) => resolve(session),
    onFailure: reject,
    customChallenge: async (parameters) => {
      try {
        const [challengeResponse, metadata] = await answer(parameters);
        user.sendCustomChallengeAnswer(challengeResponse, callbacks, metadata);
      } catch (error) {
        reject(error);
      }
    },
  };
  user.authenticateUser(new AuthenticationDetails({ Username: username, Password: config.password, ClientMetadata: clientMetadata }), callbacks);
});
const asked = [];
const session = await identity({ action: 'device' }, (parameters) => {
  asked.push(parameters.challenge);
  return [device.secret, { action: 'device' }];
});
assert(session.isValid() && asked.join() === expected, `identity-js was asked ${asked}`);

// A device that was never remembered is refused, and the code follows; with it all are forgotten.
// Where a code is mailed beside a device, this sign-in joins the code of those before it.
const stranger = await newDevice(), again = config.sees ? Date.now() : between;
const rounds = [];
await identity({ action: 'device' }, async (parameters) => {
  rounds.push(parameters.challenge);
  return rounds.length === 1 ? [stranger.secret, { action: 'device' }] : [await code(username, again), { action: 'forget' }];
});
assert(rounds.length === 2 && rounds[1] === undefined, `after a refused device identity-js was asked ${rounds}`);
step = (await start({ action: 'device' })).nextStep;
assert(step.additionalInfo.challenge === undefined, `after all are forgotten Amplify is asked ${JSON.stringify(step)}`);
console.log('ok');
