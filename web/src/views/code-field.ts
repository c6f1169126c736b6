/** One field for the code: it groups what is typed or pasted, and reports when the code is complete. */
import { digits, group, longestShortCode } from '../signin/challenge';

/** Makes input a code field. complete is called once for each code that has all its digits. */
export class CodeField {
  private length = 0;
  private offered = '';

  constructor(readonly input: HTMLInputElement, complete: () => void) {
    input.addEventListener('input', (event) => {
      // Deleting the space between two groups deletes the digit before it.
      this.regroup(event instanceof InputEvent && event.inputType === 'deleteContentBackward');
      const code = digits(input.value);
      if (this.length === 0 || code.length !== this.length || code === this.offered) return;
      this.offered = code;
      complete();
    });
  }

  /** How many digits the code has; 0 where that isn't known. */
  setLength(length: number): void {
    if (length === this.length) return;
    this.length = length;
    this.input.classList.toggle('long', length > longestShortCode);
    this.input.maxLength = 256; // room for a pasted sentence around the code
    this.input.placeholder = length > 0 ? group('0'.repeat(length)) : '';
    // The code stands in the middle, and grows from its left as digits do.
    const characters = this.input.placeholder.length;
    if (characters > 0) this.input.style.setProperty('--width', `calc(${characters} * (1ch + ${length > longestShortCode ? 0 : 0.06}em))`);
  }

  /** Empties the field for another try. A code that was wrong isn't offered again by itself. */
  clear(wrong: boolean): void {
    if (!wrong) this.offered = '';
    this.input.value = '';
    this.input.dataset['digits'] = '';
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
  }
}
