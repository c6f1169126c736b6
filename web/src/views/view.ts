/** What all screens share: their shape, and the card that holds heading, messages and form. */
import { el, setText } from '../dom';
import type { Settings } from '../settings';
import type { EmailSignIn, State } from '../signin/signin';
import type { ProblemID } from '../signin/problem';
import type { Language } from '../words';

/** Context is what a screen works with. */
export interface Context {
  signIn: EmailSignIn;
  settings: Settings;
  language: Language;
  /** Runs an action. If it fails, the screen that shows then displays the problem. */
  run(action: () => Promise<unknown>): void;
  /** Turns between signing in and signing up. */
  turn(to: 'sign-in' | 'sign-up', email: string): void;
  /** Announces to screen readers what the screen shows elsewhere. */
  announce(text: string): void;
}

/** View is one screen. */
export interface View<S extends State = State> {
  readonly element: HTMLElement;
  readonly title: string;
  /** Shows a state of the screen's step, and whether an action runs. */
  update(state: S, busy: boolean): void;
  /** Shows a problem. */
  problem(id: ProblemID): void;
  /** Moves the focus to the field or heading where the user goes on. */
  focus(): void;
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
  for (const input of form.querySelectorAll('input')) if (input.type !== 'checkbox') input.readOnly = busy;
}

/** Shows a problem's sentence, ties it to the field at fault and goes there. */
export function showProblem(c: Card, text: string, field?: HTMLInputElement): void {
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

/** Makes a labelled field. */
export function field(id: string, label: string, properties: Parameters<typeof el<'input'>>[1], describedby = ''): { wrapper: HTMLElement; input: HTMLInputElement } {
  const input = el('input', { id, name: id, ...properties });
  input.dataset['describedby'] = describedby;
  mark(input, false);
  return { wrapper: el('div', { className: 'field' }, el('label', { htmlFor: id }, label), input), input };
}

/** Makes a password field with a switch to see what was typed. */
export function passwordField(id: string, label: string, show: string, autocomplete: 'current-password' | 'new-password'): { wrapper: HTMLElement; input: HTMLInputElement } {
  const made = field(id, label, { type: 'password', autocomplete, required: true, maxLength: 256, spellcheck: false });
  const box = el('input', { type: 'checkbox', id: `${id}-shown` });
  box.addEventListener('change', () => {
    made.input.type = box.checked ? 'text' : 'password';
  });
  made.wrapper.append(el('label', { className: 'check', htmlFor: box.id }, box, show));
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
