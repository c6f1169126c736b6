// aws-jwt-verify on the tokens of a sign-in.
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { assert, config, rejected } from './world.mjs';

const jwks = await (await fetch(`${config.endpoint}/${config.userPoolId}/.well-known/jwks.json`)).json();
const verifier = (tokenUse, clientId = config.userPoolClientId) => {
  const v = CognitoJwtVerifier.create({ userPoolId: config.userPoolId, tokenUse, clientId });
  v.cacheJwks(jwks); // it would fetch them by https, from AWS
  return v;
};
const { access, id } = config.tokens;
const claims = await verifier('access').verify(access);
const identity = await verifier('id').verify(id);
assert(claims.sub === identity.sub && identity.email === config.user && identity.email_verified === true, `the claims are ${JSON.stringify(identity)}`);
await rejected(verifier('id').verify(access), 'an access token as an ID token');
await rejected(verifier('access', 'somebodyElse').verify(access), 'the token of another client');
await rejected(verifier('access').verify(access.slice(0, -6) + 'AAAAAA'), 'a token with another signature');
console.log('ok');
