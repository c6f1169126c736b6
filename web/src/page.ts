/** The page: shows the screen for each state, and updates history, title, focus and language with it. */
import { el, sentence, setText } from './dom';
import { depth, type Entry } from './entries';
import type { DeadEnd, WayBack } from './handover';
import { digits } from './signin/challenge';
import { Problem, type ProblemID } from './signin/problem';
import type { State } from './signin/signin';
import type { Settings } from './settings';
import { languages, Language } from './words';
import { changeCodesView, changeView } from './views/change';
import { codeView } from './views/code';
import { newPasswordView } from './views/new-password';
import { deadEndView, returnView } from './views/return';
import { forgotView, resetView } from './views/reset';
import { signedInView } from './views/signed-in';
import { startView } from './views/start';
import type { Context, SignIn, View } from './views/view';

// After this time the page shows that an action takes long, in milliseconds.
const patience = 6000;

/** Page draws a sign-in into the document. */
export class Page {
  private view: View | undefined;
  private shows = '';
  private purpose: 'sign-in' | 'sign-up' | 'forgot' = 'sign-in';
  private typed = '';
  private stopped: DeadEnd | undefined;
  private slow: ReturnType<typeof setTimeout> | undefined;
  private readonly main = document.querySelector('main')!;
  private readonly status = document.querySelector<HTMLElement>('#status')!;

  constructor(private readonly signIn: SignIn, private readonly settings: Settings, private language: Language, private readonly app?: WayBack) {
    if (app?.signUp && settings.signUp) this.purpose = 'sign-up';
    signIn.subscribe((state, busy) => this.draw(state, busy));
    addEventListener('popstate', (event) => {
      const inside = this.inChallenge(this.signIn.state);
      if (inside && !marked(event.state)) this.signIn.cancel();
      else if (!inside && marked(event.state)) unmark();
    });
    addEventListener('pageshow', (event) => {
      // A page that has handed its tokens over begins anew.
      if (event.persisted && app) location.reload();
      else if (event.persisted) this.pickUp();
    });
    // Another tab signed in or out.
    addEventListener('storage', (event) => {
      if (!app && event.storageArea === localStorage && !this.signIn.busy) this.pickUp();
    });
    addEventListener('offline', () => this.announce(this.language.problem('offline', 0), true));
    addEventListener('online', () => this.announce(''));
  }

  /** Shows the first screen. */
  open(typed: string): void {
    this.typed = typed;
    this.dress();
    this.draw(this.signIn.state, this.signIn.busy);
  }

  /** Shows that there is no way on. */
  stop(why: DeadEnd): void {
    this.stopped = why;
    this.open('');
  }

  /** Shows who is signed in, and nothing if that fails. */
  pickUp(): void {
    this.signIn.resume().catch(() => undefined);
  }

  private draw(state: State, busy: boolean): void {
    const key = `${this.stopped ?? state.step} ${this.purpose} ${this.language.tag}`;
    if (key !== this.shows) this.show(key, state);
    this.view!.update(state, busy);
    clearTimeout(this.slow);
    if (busy) this.slow = setTimeout(() => this.announce(this.language.words.slow, true), patience);
    else if (this.status.classList.contains('seen')) this.announce('');
  }

  private show(key: string, state: State): void {
    const first = this.shows === '';
    this.view?.close?.();
    this.shows = key;
    this.announce('');
    const view = this.viewOf(state);
    this.view = view;
    this.main.replaceChildren(view.element);
    document.title = this.settings.product ? `${view.title} · ${this.settings.product}` : view.title;
    this.note(state);
    if (this.inChallenge(state) && !marked(history.state)) history.pushState({ emailotp: 'challenge', depth: depth() + 1 } satisfies Entry, '');
    if (!this.inChallenge(state) && marked(history.state)) unmark();
    if (state.step !== 'start') {
      this.typed = '';
      this.purpose = 'sign-in';
      this.shows = `${this.stopped ?? state.step} ${this.purpose} ${this.language.tag}`;
    }
    view.update(state, this.signIn.busy);
    // A page that moves the focus when it opens scrolls phones and interrupts screen readers.
    if (!first || document.activeElement === document.body) view.focus();
  }

  private viewOf(state: State): View {
    const context: Context = {
      signIn: this.signIn,
      settings: this.settings,
      language: this.language,
      run: (action) => this.run(action),
      turn: (to, email) => {
        this.purpose = to;
        this.typed = email;
        this.draw(this.signIn.state, this.signIn.busy);
      },
      announce: (text) => this.announce(text),
    };
    if (this.stopped) return deadEndView(context, this.stopped);
    switch (state.step) {
      case 'start':
        if (this.purpose === 'forgot') return forgotView(context, this.typed || state.email) as View;
        return startView(context, this.purpose, this.typed || state.email) as View;
      case 'code':
        return codeView(context) as View;
      case 'new-password':
        return newPasswordView(context) as View;
      case 'reset':
        return resetView(context) as View;
      case 'change':
        return changeView(context) as View;
      case 'change-codes':
        return changeCodesView(context) as View;
      case 'signed-in':
        return (this.app ? returnView(context, this.app, (why) => this.stop(why)) : signedInView(context)) as View;
    }
  }

  private run(action: () => Promise<unknown>): void {
    if (this.signIn.busy) return;
    action().catch((error: unknown) => {
      const id: ProblemID = error instanceof Problem ? error.id : 'server';
      if (!(error instanceof Problem) || error.id === 'server' || error.id === 'configuration') {
        // Cognito's words and ours; neither has an address, a code or a token in it.
        console.warn('sign-in:', error instanceof Problem ? error.cause ?? error : error);
      }
      this.view?.problem(id, error instanceof Problem ? error.after : 0);
    });
  }

  private announce(text: string, seen = false): void {
    this.status.classList.toggle('seen', seen && text !== '');
    setText(this.status, text);
  }

  private inChallenge(state: State): boolean {
    return state.step !== 'start' && state.step !== 'signed-in';
  }

  /** Sets everything around the screens: direction, name, language menu. */
  private dress(): void {
    const { language } = this;
    document.documentElement.lang = language.tag;
    document.documentElement.dir = language.dir;
    setText(document.querySelector('#product')!, this.settings.product ?? '');
    const { links = {} } = this.settings;
    const nav = document.querySelector<HTMLElement>('#links')!;
    const wanted = (['terms', 'privacy', 'support'] as const).flatMap((name) => (links[name] ? [el('a', { href: links[name] }, language.words[name])] : []));
    nav.replaceChildren(...wanted);
    nav.hidden = wanted.length === 0;
    const menu = el('select', { id: 'language', name: 'language' },
      ...Object.entries(languages).map(([tag, { name }]) => el('option', { value: tag, lang: tag, selected: tag === language.tag }, name)));
    menu.addEventListener('change', async () => {
      const chosen = menu.value;
      // Screen readers announce a sentence again only after it was gone.
      this.announce('');
      let loaded: Language;
      try {
        loaded = await Language.load(chosen);
      } catch (error) {
        if (menu.value !== chosen) return; // Another was chosen meanwhile.
        menu.value = this.language.tag;
        this.announce(this.language.problem((error as Problem).id, 0), true);
        return;
      }
      if (menu.value !== chosen) return;
      try {
        localStorage.setItem('emailotp.language', chosen);
      } catch {
        // It is chosen for this visit only.
      }
      this.language = loaded;
      this.dress();
      const { step } = this.signIn.state;
      const code = document.querySelector<HTMLInputElement>('#code')?.value ?? '';
      this.typed = document.querySelector<HTMLInputElement>('#email')?.value ?? this.typed;
      this.draw(this.signIn.state, this.signIn.busy);
      if (step === 'code' && digits(code) !== '') this.view?.restore?.(code);
      document.querySelector<HTMLSelectElement>('#language')?.focus();
    });
    document.querySelector('#languages')!.replaceChildren(el('label', { htmlFor: 'language', className: 'unseen' }, language.words.language), menu);
  }

  /** Shows the link to the mailbox, in the sandbox. */
  private note(state: State): void {
    const note = document.querySelector<HTMLElement>('#note')!;
    note.hidden = !this.settings.inboxUrl;
    if (!this.settings.inboxUrl) return;
    const { words } = this.language;
    // The inbox shows the newest mail to the address.
    const to = state.step === 'code' ? `/#to=${encodeURIComponent(state.email)}` : '';
    const link = el('a', { href: this.settings.inboxUrl + to, target: '_blank', rel: 'noopener' }, words.localMailbox);
    note.replaceChildren(...sentence(state.step === 'code' ? words.sandboxCode : words.sandboxMails, { mailbox: link }));
  }
}

const marked = (state: unknown) => (state as Entry | null)?.emailotp === 'challenge';
const unmark = () => history.replaceState({ depth: depth() } satisfies Entry, '');
