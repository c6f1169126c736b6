// amazon-cognito-identity-js: the life of a user in the mode of the sandbox.
import identity from 'amazon-cognito-identity-js';
import { assert, code, config, wrong } from './world.mjs';

const { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } = identity;
const pool = new CognitoUserPool({ UserPoolId: config.userPoolId, ClientId: config.userPoolClientId, endpoint: config.endpoint });
const passwordless = config.mode === 'passwordless';
const username = passwordless ? config.new : config.user;

/** Calls back into a promise of {event, value}. */
const call = (run) => new Promise((resolve) => {
  const to = (event) => (value, extra) => resolve({ event, value, extra });
  run({ onSuccess: to('success'), onFailure: to('failure'), customChallenge: to('challenge'), newPasswordRequired: to('new-password') });
});

if (passwordless) {
  const up = await new Promise((resolve, reject) => pool.signUp(username, 'Never-to-be-used-1', [new CognitoUserAttribute({ Name: 'locale', Value: 'de' })], [], (e, r) => (e ? reject(e) : resolve(r))));
  assert(up.userConfirmed, 'a new user is confirmed at once');
}

async function signIn() {
  const user = new CognitoUser({ Username: username, Pool: pool });
  user.setAuthenticationFlowType('CUSTOM_AUTH');
  const details = new AuthenticationDetails({ Username: username, ...(!passwordless && { Password: config.password }) });
  const first = await call((callbacks) => (passwordless ? user.initiateAuth(details, callbacks) : user.authenticateUser(details, callbacks)));
  assert(first.event === 'challenge', `the sign-in starts with ${first.event}: ${first.value}`);
  return { user, info: first.value };
}

const since = Date.now();
const { user, info } = await signIn();
assert(info.reason === 'sent' && Number(info.codeLength) > 0, `the challenge is ${JSON.stringify(info)}`);
const right = await code(username, since);
const second = await call((callbacks) => user.sendCustomChallengeAnswer(wrong(right), callbacks));
assert(second.event === 'challenge' && second.value.attemptsLeft === '2', `a wrong answer leads to ${second.event}`);
const third = await call((callbacks) => user.sendCustomChallengeAnswer(right, callbacks));
assert(third.event === 'success', `the right answer leads to ${third.event}: ${third.value}`);
const session = third.value;
assert(session.isValid() && session.getIdToken().payload.email === username, 'the session is valid and of this user');
const renewed = await new Promise((resolve, reject) => user.refreshSession(session.getRefreshToken(), (e, s) => (e ? reject(e) : resolve(s))));
assert(renewed.isValid(), 'the renewed session is valid');
const out = await call((callbacks) => user.globalSignOut(callbacks));
assert(out.event === 'success', `sign-out everywhere leads to ${out.event}: ${out.value}`);

if (!passwordless) {
  const newcomer = new CognitoUser({ Username: config.newcomer, Pool: pool });
  newcomer.setAuthenticationFlowType('CUSTOM_AUTH');
  const start = await call((callbacks) => newcomer.authenticateUser(new AuthenticationDetails({ Username: config.newcomer, Password: config.temporary }), callbacks));
  assert(start.event === 'new-password', `a temporary password leads to ${start.event}: ${start.value}`);
  const from = Date.now();
  const changed = await call((callbacks) => newcomer.completeNewPasswordChallenge(config.ownPassword, {}, callbacks));
  assert(changed.event === 'challenge', `the new password leads to ${changed.event}: ${changed.value}`);
  const end = await call(async (callbacks) => newcomer.sendCustomChallengeAnswer(await code(config.newcomer, from), callbacks));
  assert(end.event === 'success', `the code leads to ${end.event}: ${end.value}`);
}
console.log('ok');
