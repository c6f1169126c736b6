/** The page's languages: which there are, which one a person gets, and how a sentence is filled in. */
import english from './strings/en.json';
import type { ProblemID } from './signin/problem';

/** Words is a language's catalogue; English has every key, and a test holds the others to it. */
export type Words = typeof english;

/** The languages, in the order of the menu. Each but English is a chunk of its own, loaded when chosen. */
export const languages: Record<string, { name: string; load: () => Promise<{ default: unknown }> }> = {
  en: { name: 'English', load: () => Promise.resolve({ default: english }) },
  de: { name: 'Deutsch', load: () => import('./strings/de.json') },
  fr: { name: 'Français', load: () => import('./strings/fr.json') },
  es: { name: 'Español', load: () => import('./strings/es.json') },
  'pt-BR': { name: 'Português (Brasil)', load: () => import('./strings/pt-BR.json') },
  it: { name: 'Italiano', load: () => import('./strings/it.json') },
  nl: { name: 'Nederlands', load: () => import('./strings/nl.json') },
  pl: { name: 'Polski', load: () => import('./strings/pl.json') },
  tr: { name: 'Türkçe', load: () => import('./strings/tr.json') },
  ja: { name: '日本語', load: () => import('./strings/ja.json') },
  'zh-Hans': { name: '简体中文', load: () => import('./strings/zh-Hans.json') },
  ar: { name: 'العربية', load: () => import('./strings/ar.json') },
};

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

  /** Loads a language; one that can't be loaded is English, for a person must be able to sign in. */
  static async load(tag: string): Promise<Language> {
    try {
      return new Language(tag, (await languages[tag]!.load()).default as Words);
    } catch {
      return new Language('en', english);
    }
  }

  get dir(): 'ltr' | 'rtl' {
    return rtl.has(this.tag) ? 'rtl' : 'ltr';
  }

  /** The sentence for a problem; codeLength and minimum fill those that speak of a number. */
  problem(id: ProblemID, count: number): string {
    return fill(this.words.problems[id], { count: String(count), time: this.minutes.format(15) });
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

  /** A time of day. */
  time(at: number): string {
    return this.clock.format(at);
  }
}

/** Fills {names} in a sentence. */
export function fill(sentence: string, values: Record<string, string>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
