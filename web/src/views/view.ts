/** What all screens share: their shape, and the card that holds heading, messages and form. */
import { el, icon, setText } from '../dom';
import type { Settings } from '../settings';
import { passwordRules } from '../signin/password';
import type { EmailSignIn, State } from '../signin/signin';
import type { ProblemID } from '../signin/problem';
import type { Language } from '../words';

/** SignIn is what screens use of a sign-in. */
export type SignIn = Pick<EmailSignIn, keyof EmailSignIn>;

/** Context is what a screen works with. */
export interface Context {
  signIn: SignIn;
  settings: Settings;
  language: Language;
  /** Runs an action. If it fails, the screen that shows then displays the problem. */
  run(action: () => Promise<unknown>): void;
  /** Turns between signing in, signing up and a forgotten password. */
  turn(to: 'sign-in' | 'sign-up' | 'forgot', email: string): void;
  /** Announces to screen readers what the screen shows elsewhere. */
  announce(text: string): void;
}

/** View is one screen. */
export interface View<S extends State = State> {
  readonly element: HTMLElement;
  readonly title: string;
  /** Shows a state of the screen's step, and whether an action runs. */
  update(state: S, busy: boolean): void;
  /** Shows a problem, and after how many milliseconds another try may succeed; 0 if that isn't known. */
  problem(id: ProblemID, after: number): void;
  /** Moves the focus to the field or heading where the user goes on. */
  focus(): void;
  /** Puts back what was typed into the screen that this one replaces, in another language. */
  restore?(typed: string): void;
  /** Lets go of timers. */
  close?(): void;
}

/** Card is the frame of a screen. */
export interface Card {
  form: HTMLFormElement;
  heading: HTMLHeadingElement;
  alert: HTMLElement;
  notice: HTMLElement;
}

/** Makes a card. A submit while an action runs does nothing, so a double click is one. */
export function card(title: string, submit: () => void): Card {
  const heading = el('h1', { id: 'title', tabIndex: -1 }, title);
  const alert = el('p', { className: 'alert', id: 'alert', role: 'alert' });
  const notice = el('p', { className: 'notice', role: 'status' });
  const form = el('form', { className: 'card', noValidate: true, aria: { labelledby: 'title' } });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (form.getAttribute('aria-busy') !== 'true') submit();
  });
  return { form, heading, alert, notice };
}

/** Shows that an action runs. Buttons stay focusable; ARIA marks those that do nothing meanwhile. */
export function setBusy(form: HTMLFormElement, busy: boolean): void {
  form.setAttribute('aria-busy', String(busy));
  for (const button of form.querySelectorAll<HTMLButtonElement>('button[data-action]')) {
    button.setAttribute('aria-disabled', String(busy || button.dataset['resting'] === 'true'));
  }
  for (const input of form.querySelectorAll('input')) input.readOnly = busy;
}

/**
 * Shows a problem's sentence in the space below the field at fault, or below the last field, ties it to
 * the field and goes there. The space is there before, so that nothing moves.
 */
export function showProblem(c: Card, text: string, field?: HTMLInputElement): void {
  const at = field?.closest('.field')?.querySelector('.below') ?? [...c.form.querySelectorAll('.below')].pop();
  if (at && c.alert.parentElement !== at) at.append(c.alert);
  setText(c.alert, text);
  for (const input of c.form.querySelectorAll('input')) mark(input, input === field && text !== '');
  if (text !== '') field?.focus();
}

function mark(input: HTMLInputElement, invalid: boolean): void {
  const base = input.dataset['describedby'] ?? '';
  if (invalid) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
  const described = `${base} ${invalid ? 'alert' : ''}`.trim();
  if (described) input.setAttribute('aria-describedby', described);
  else input.removeAttribute('aria-describedby');
}

/** Field is a labelled input, with space for a problem below it. */
export interface Field {
  wrapper: HTMLElement;
  input: HTMLInputElement;
  /** What the input stands in. */
  box: HTMLElement;
}

/** Makes a labelled field. It isn't marked as wrong any longer once the user types. */
export function field(id: string, label: string, properties: Parameters<typeof el<'input'>>[1], describedby = ''): Field {
  const input = el('input', { id, name: id, ...properties });
  input.dataset['describedby'] = describedby;
  mark(input, false);
  input.addEventListener('input', () => mark(input, false));
  const box = el('div', { className: 'box' }, input);
  return { wrapper: el('div', { className: 'field' }, el('label', { htmlFor: id }, label), box, el('div', { className: 'below' })), input, box };
}

/** Makes a field for an address. */
export function addressField(id: string, label: string, value: string): Field {
  return field(id, label, {
    type: 'email', autocomplete: id === 'email' ? 'username' : 'email', inputMode: 'email', required: true, maxLength: 320,
    autocapitalize: 'none', spellcheck: false, dir: 'ltr', placeholder: 'name@example.com', value,
  });
}

/** Makes a field for the code of a mail. */
export function codeInput(id: string, label: string, describedby: string, className = ''): Field {
  return field(id, label, { type: 'text', inputMode: 'numeric', autocomplete: 'one-time-code', dir: 'ltr', spellcheck: false, autocapitalize: 'none', className, required: true }, describedby);
}

/** Makes a password field with a button that shows what was typed. */
export function passwordField(id: string, label: string, show: string, autocomplete: 'current-password' | 'new-password', describedby = ''): Field {
  const made = field(id, label, { type: 'password', autocomplete, required: true, maxLength: 256, spellcheck: false }, describedby);
  const eye = el('button', { type: 'button', className: 'eye', title: show, aria: { label: show, pressed: 'false', controls: id } }, icon('eye'));
  eye.addEventListener('click', () => {
    const shown = made.input.type === 'password';
    made.input.type = shown ? 'text' : 'password';
    eye.setAttribute('aria-pressed', String(shown));
    eye.replaceChildren(icon(shown ? 'eye-off' : 'eye'));
  });
  made.box.append(eye);
  return made;
}

/** Makes a field for a new password, with the pool's rules below it, ticked as they are met. */
export function newPasswordField(context: Context, label: string): Field {
  const w = context.language.words;
  const made = passwordField('new-password', label, w.showPassword, 'new-password', 'rules');
  const length = context.settings.passwordLength ?? 8;
  const rules = passwordRules(length, context.settings.passwordRules).map(({ name, met }) => {
    const item = el('li', {}, icon('tick'), name === 'length' ? w.rules.length.replace('{count}', String(length)) : w.rules[name]);
    return { item, met };
  });
  const list = el('ul', { className: 'rules', id: 'rules' }, ...rules.map(({ item }) => item));
  made.input.addEventListener('input', () => {
    for (const { item, met } of rules) item.classList.toggle('met', met(made.input.value));
  });
  made.box.after(list);
  return made;
}

/** Makes the form's main button; a secondary one is for what few come to do. */
export function submitButton(text: string, rank: 'primary' | 'primary secondary' = 'primary'): HTMLButtonElement {
  return el('button', { type: 'submit', className: rank, data: { action: '' } }, el('span', {}, text));
}

/** Makes a button that looks like a link. */
export function quietButton(text: string, click: () => void): HTMLButtonElement {
  const button = el('button', { type: 'button', className: 'quiet', data: { action: '' } }, text);
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') !== 'true') click();
  });
  return button;
}

/** Makes a link to another site that looks like a secondary button. */
export function linkButton(text: string, href: string): HTMLAnchorElement {
  return el('a', { href, target: '_blank', rel: 'noopener noreferrer', className: 'primary secondary' }, el('span', {}, text));
}
