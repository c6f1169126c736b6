/** The page's entry point. */
import { App } from './handover';
import { Page } from './page';
import { configure, loadSettings, type Settings } from './settings';
import { EmailSignIn } from './signin/signin';
import { choose, Language } from './words';

async function main(): Promise<void> {
  const language = Language.loadFirst(choose(wanted()));
  const app = App.of(location.search);
  let settings: Settings;
  try {
    settings = await loadSettings();
    if (app) settings = app.settings(settings);
    configure(settings);
  } catch (error) {
    console.error('sign-in:', error);
    document.querySelector('#alert')!.textContent = (await language).problem('configuration', 0);
    return;
  }
  const signIn = new EmailSignIn({
    mode: settings.mode,
    ...(settings.rememberDevices && { devicesOf: settings.userPoolClientId }),
    ...(settings.changeAddress && { changeAddress: 'account/email' }),
    ...(app && { key: app.key }),
    ...(settings.endpoint && { endpoint: settings.endpoint }),
    signUpAttributes: { locale: (await language).tag, zoneinfo: Intl.DateTimeFormat().resolvedOptions().timeZone },
  });
  // A stored session shows at once; the pool checks it afterwards.
  const picked = await signIn.resume().catch(() => signIn.state);
  const page = new Page(signIn, settings, await language, app);
  const refused = App.refused(location.search);
  if (refused) page.stop(refused);
  else page.open(document.querySelector<HTMLInputElement>('#email')?.value || app?.hint || '');
  if (picked.step === 'signed-in' && !app) signIn.renew().catch(() => undefined);
  if (settings.live) new EventSource('reload').onmessage = () => location.reload();
}

/** The languages to choose from: the address's, the menu's last choice, the browser's. */
function wanted(): string[] {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem('emailotp.language');
  } catch {
    // Storage is forbidden.
  }
  return [new URLSearchParams(location.search).get('lang'), chosen, ...navigator.languages].filter((tag): tag is string => !!tag);
}

void main();
