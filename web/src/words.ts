/** The page's languages: their list, the choice of one, and sentences with numbers and times. */
import english from './strings/en.json';
import ar from './strings/ar.json?url';
import de from './strings/de.json?url';
import es from './strings/es.json?url';
import fr from './strings/fr.json?url';
import it from './strings/it.json?url';
import ja from './strings/ja.json?url';
import nl from './strings/nl.json?url';
import pl from './strings/pl.json?url';
import ptBR from './strings/pt-BR.json?url';
import tr from './strings/tr.json?url';
import zhHans from './strings/zh-Hans.json?url';
import { nameOf, Problem, type ProblemID } from './signin/problem';

/** Words is a language's catalogue; English has every key, and a test holds the others to it. */
export type Words = typeof english;

/** The languages, in the order of the menu. Each but English is a file of its own, loaded when chosen. */
export const languages: Record<string, { name: string; load: () => Promise<Words> }> = {
  en: { name: 'English', load: () => Promise.resolve(english) },
  de: { name: 'Deutsch', load: () => fetched(de) },
  fr: { name: 'Français', load: () => fetched(fr) },
  es: { name: 'Español', load: () => fetched(es) },
  'pt-BR': { name: 'Português (Brasil)', load: () => fetched(ptBR) },
  it: { name: 'Italiano', load: () => fetched(it) },
  nl: { name: 'Nederlands', load: () => fetched(nl) },
  pl: { name: 'Polski', load: () => fetched(pl) },
  tr: { name: 'Türkçe', load: () => fetched(tr) },
  ja: { name: '日本語', load: () => fetched(ja) },
  'zh-Hans': { name: '简体中文', load: () => fetched(zhHans) },
  ar: { name: 'العربية', load: () => fetched(ar) },
};

// After this long a language is given up.
const limit = 20_000;

// Not by import(): a browser that failed to import a module once never requests it again.
async function fetched(file: string): Promise<Words> {
  const response = await fetch(new URL(file, import.meta.url), { signal: AbortSignal.timeout(limit) });
  if (!response.ok) throw new Problem('server', `${response.url}: HTTP status ${response.status}`);
  return (await response.json()) as Words;
}

/** Right-to-left languages. */
const rtl = new Set(['ar']);

/** Picks the first of the wanted languages that there is, comparing language and script; else English. */
export function choose(wanted: readonly string[]): string {
  const key = (tag: string) => {
    const full = new Intl.Locale(tag).maximize();
    return `${full.language}-${full.script}`;
  };
  const known = new Map(Object.keys(languages).map((tag) => [key(tag), tag]));
  for (const tag of wanted) {
    try {
      const found = known.get(key(tag));
      if (found) return found;
    } catch {
      // Not a language tag.
    }
  }
  return 'en';
}

/** Language writes sentences in one language. */
export class Language {
  private readonly plural: Intl.PluralRules;
  private readonly relative: Intl.RelativeTimeFormat;
  private readonly minutes: Intl.NumberFormat;
  private readonly clock: Intl.DateTimeFormat;

  private constructor(readonly tag: string, readonly words: Words) {
    // Digits are ASCII in every language, as in the mails.
    const numbers = `${tag}-u-nu-latn`;
    this.plural = new Intl.PluralRules(tag);
    this.relative = new Intl.RelativeTimeFormat(numbers, { numeric: 'always' });
    this.minutes = new Intl.NumberFormat(numbers, { style: 'unit', unit: 'minute', unitDisplay: 'long' });
    this.clock = new Intl.DateTimeFormat(numbers, { timeStyle: 'short' });
  }

  /** Loads a language, or rejects with a Problem; another try may succeed. */
  static async load(tag: string): Promise<Language> {
    try {
      return new Language(tag, await languages[tag]!.load());
    } catch (error) {
      throw error instanceof Problem ? error : new Problem(nameOf(error) === 'TimeoutError' ? 'timeout' : 'offline', error);
    }
  }

  /** Loads a language, or English if that fails: users must be able to sign in. */
  static loadFirst(tag: string): Promise<Language> {
    return Language.load(tag).catch(() => new Language('en', english));
  }

  get dir(): 'ltr' | 'rtl' {
    return rtl.has(this.tag) ? 'rtl' : 'ltr';
  }

  /**
   * The sentence for a problem; codeLength and minimum fill those that speak of a number, and after those of a
   * wait, in milliseconds.
   */
  problem(id: ProblemID, count: number, after = 900_000): string {
    return fill(this.words.problems[id], { count: String(count), time: this.minutes.format(Math.ceil(after / 60_000)) });
  }

  /** Chooses among plural forms by the language's rules. */
  count(forms: Partial<Record<Intl.LDMLPluralRule, string>>, n: number): string {
    return fill(forms[this.plural.select(n)] ?? forms.other ?? '', { count: String(n) });
  }

  /** "in 4 minutes", "in 45 seconds"; a wait is rounded up, what ends is rounded down. */
  when(milliseconds: number, round: (n: number) => number): string {
    const seconds = Math.max(1, round(milliseconds / 1000));
    return seconds >= 120 ? this.relative.format(round(seconds / 60), 'minute') : this.relative.format(seconds, 'second');
  }

  /** How long a wait is, rounded up, as short as the language writes it: "45s", "3m". */
  wait(milliseconds: number): string {
    const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
    const [n, unit] = seconds >= 120 ? [Math.ceil(seconds / 60), 'minute'] : [seconds, 'second'];
    return new Intl.NumberFormat(`${this.tag}-u-nu-latn`, { style: 'unit', unit, unitDisplay: 'narrow' }).format(n);
  }

  /** A time of day. */
  time(at: number): string {
    return this.clock.format(at);
  }
}

/** Fills {names} in a sentence. */
export function fill(sentence: string, values: Record<string, string>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
