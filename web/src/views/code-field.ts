/** One field for the code: it groups what is typed or pasted, and reports when the code is complete. */
import { el } from '../dom';
import { digits, group, longestShortCode } from '../signin/challenge';
import type { Field } from './view';

/**
 * Makes a field's input one for a code. complete is called once for each code that has all its digits.
 * The digits' places are drawn behind the one input, so that pasting and filling in work as in any other.
 */
export class CodeField {
  readonly input: HTMLInputElement;
  private length = 0;
  private offered = '';
  private readonly places = el('div', { className: 'places', aria: { hidden: 'true' } });

  constructor(private readonly field: Field, complete: () => void) {
    this.input = field.input;
    field.box.prepend(this.places);
    this.input.addEventListener('input', (event) => {
      // Deleting the space between two groups deletes the digit before it.
      this.regroup(event instanceof InputEvent && event.inputType === 'deleteContentBackward');
      const code = digits(this.input.value);
      if (this.length === 0 || code.length !== this.length || code === this.offered) return;
      this.offered = code;
      complete();
    });
  }

  /** How many digits the code has; 0 where that isn't known. */
  setLength(length: number): void {
    if (length === this.length) return;
    this.length = length;
    const groups = length > 0 ? group('0'.repeat(length)).split(' ') : [];
    this.input.maxLength = 256; // room for a pasted sentence around the code
    this.field.box.classList.toggle('placed', length > 0);
    this.field.box.classList.toggle('long', length > longestShortCode);
    this.field.box.style.setProperty('--digits', String(length));
    this.field.box.style.setProperty('--gaps', String(groups.length - 1));
    this.places.replaceChildren(...groups.map((part) => el('div', {}, ...Array.from(part, () => el('i')))));
    this.show();
  }

  /** Puts a code into the field. */
  fill(code: string): void {
    this.input.value = code;
    this.regroup(false);
  }

  /** Empties the field for another try. A code that was wrong isn't offered again by itself. */
  clear(wrong: boolean): void {
    if (!wrong) this.offered = '';
    this.input.value = '';
    this.input.dataset['digits'] = '';
    this.show();
  }

  private regroup(deleting: boolean): void {
    const { input } = this;
    const caret = input.selectionStart ?? input.value.length;
    let before = digits(input.value.slice(0, caret)).length;
    let all = digits(input.value);
    const was = input.dataset['digits'] ?? '';
    if (deleting && all === was && before > 0) {
      all = all.slice(0, before - 1) + all.slice(before);
      before--;
    }
    // A typed digit too many is dropped; a paste that is too long stays visible.
    if (this.length > 0 && was.length === this.length && all.length === this.length + 1) {
      all = all.slice(0, this.length);
      before = Math.min(before, this.length);
    }
    input.dataset['digits'] = all;
    input.value = group(all, Math.max(this.length, all.length));
    let at = 0;
    for (let seen = 0; at < input.value.length && seen < before; at++) if (input.value[at] !== ' ') seen++;
    input.setSelectionRange(at, at);
    this.show();
  }

  /** Marks the places that have a digit, and the next one. */
  private show(): void {
    const typed = digits(this.input.value).length;
    this.places.querySelectorAll('i').forEach((place, i) => {
      place.className = i < typed ? 'taken' : i === typed ? 'next' : '';
    });
  }
}
