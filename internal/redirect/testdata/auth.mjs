// Auth.js with its Cognito provider, as a Next.js app runs it, without the browser: this script keeps
// the cookies. The two lines of docs/clients.md configure it.
import { Auth, skipCSRFCheck, raw } from '@auth/core';
import Cognito from '@auth/core/providers/cognito';
import { createInterface } from 'node:readline';

const given = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (v) => console.log(JSON.stringify(v));
const config = {
  trustHost: true, secret: 'a-secret-of-the-test-alone', skipCSRFCheck, basePath: '/auth',
  logger: { error: (e) => console.error(e, e.cause) },
  callbacks: { session: ({ session, token }) => ({ ...session, sub: token.sub }) },
  providers: [{
    ...Cognito({ clientId: given.clientId, clientSecret: given.secret, issuer: given.issuer }),
    authorization: { url: given.authorizeUrl, params: { scope: 'openid email' } }, token: given.tokenUrl, userinfo: given.userInfoUrl,
  }],
};
const base = given.callback.replace('/auth/callback/cognito', '');
const cookies = new Map();
async function ask(path, init = {}) {
  const response = await Auth(new Request(base + path, { ...init, headers: { ...init.headers,
    cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; ') } }), config);
  for (const cookie of response.headers.getSetCookie()) {
    const [pair] = cookie.split(';');
    cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
  }
  return response;
}
const start = await ask('/auth/signin/cognito', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '' });
say({ to: start.headers.get('location') });
const back = new URL((await lines.next()).value);
const done = await ask(back.pathname + back.search);
const session = await (await ask('/auth/session')).json();
say({ status: done.status, to: done.headers.get('location'), email: session?.user?.email, sub: session?.sub });
