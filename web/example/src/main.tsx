import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { Auth } from './auth';
import { loadConfig } from './config';
import './main.css';

// Before React renders: in development it renders twice, and a code is good for one use.
const config = await loadConfig();
const auth = new Auth(config);
let problem = '';
const user = await auth.user().catch((error: unknown) => {
  problem = `The sign-in did not succeed: ${error instanceof Error ? error.message : String(error)}`;
  return null;
});

createRoot(document.querySelector('#app')!).render(
  <StrictMode>
    <App auth={auth} config={config} user={user} problem={problem} />
  </StrictMode>,
);
