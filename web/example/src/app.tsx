/** The app: who is signed in, and what the API answers to that user. */
import type { User } from 'oidc-client-ts';
import { useState, type JSX } from 'react';
import type { Auth } from './auth';
import type { Config } from './config';

/** Shows the app to a user, or to a stranger. */
export function App({ auth, config, user, problem }: { auth: Auth; config: Config; user: User | null; problem: string }): JSX.Element {
  const [failure, setFailure] = useState(problem);
  const go = (leave: () => Promise<void>) => () => {
    setFailure('');
    leave().catch((error: unknown) => setFailure(String(error)));
  };
  return (
    <main>
      <h1>Example app</h1>
      {failure && <p role="alert">{failure}</p>}
      {user ? (
        <>
          <p>
            Signed in as <strong id="email">{user.profile.email}</strong>.
          </p>
          <Api url={config.apiUrl} token={user.id_token ?? ''} />
          <button type="button" onClick={go(() => auth.signOut())}>Sign out</button>
        </>
      ) : (
        <>
          <p>You are signed out. The sign-in is on a page of its own, which comes back here.</p>
          <button type="button" className="primary" onClick={go(() => auth.signIn())}>Sign in</button>
        </>
      )}
    </main>
  );
}

function Api({ url, token }: { url: string; token: string }): JSX.Element {
  const [answer, setAnswer] = useState('');
  const call = async () => {
    try {
      // API Gateway's Cognito authorizer expects the bare ID token.
      const response = await fetch(`${url}/me`, { headers: { authorization: token } });
      setAnswer(`${response.status} ${await response.text()}`);
    } catch (error) {
      setAnswer(String(error));
    }
  };
  return (
    <p>
      <button type="button" className="primary" onClick={() => void call()}>Call the API</button>{' '}
      <output id="answer">{answer}</output>
    </p>
  );
}
