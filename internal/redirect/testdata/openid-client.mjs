// A server app with a secret, by openid-client: discovery, PKCE, state, both ways to authenticate,
// userInfo, refresh and revocation.
import * as client from 'openid-client';
import { createInterface } from 'node:readline';

const given = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (v) => console.log(JSON.stringify(v));

for (const authentication of [client.ClientSecretBasic, client.ClientSecretPost]) {
  const config = await client.discovery(new URL(given.discoveryUrl), given.clientId, undefined,
    authentication(given.secret), { execute: [client.allowInsecureRequests] });
  const verifier = client.randomPKCECodeVerifier();
  const state = 'a b+c/=&%' + client.randomState();
  const to = client.buildAuthorizationUrl(config, {
    redirect_uri: given.callback, scope: 'openid email', state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  });
  say({ to: to.href });
  const back = new URL((await lines.next()).value);
  const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true });
  const user = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  await client.tokenRevocation(config, tokens.refresh_token);
  let after;
  await client.refreshTokenGrant(config, tokens.refresh_token).catch((e) => { after = e.error; });
  say({ email: user.email, verified: user.email_verified, sub: tokens.claims().sub, expires: tokens.expiresIn(),
    renewed: renewed.access_token !== tokens.access_token, after });
}
