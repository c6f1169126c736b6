/** A pool's rules for passwords, as a user meets them one by one. */

/** A kind of character that a pool may require. */
export type CharacterClass = 'upper' | 'lower' | 'digit' | 'symbol';

/** PasswordRule is one rule, and how to see that a password meets it. */
export interface PasswordRule {
  name: 'length' | CharacterClass;
  met: (password: string) => boolean;
}

// Cognito's symbols; a space counts unless it is the first or last character.
const classes: Record<CharacterClass, RegExp> = {
  upper: /[A-Z]/,
  lower: /[a-z]/,
  digit: /\d/,
  symbol: /[$^*.[\]{}()?"!@#%&/\\,><':;|_~`=+-]|\S \S/,
};

/** Returns the rules of a pool whose passwords have at least length characters, of all the kinds required. */
export function passwordRules(length: number, required: readonly CharacterClass[] = ['upper', 'lower', 'digit', 'symbol']): PasswordRule[] {
  return [
    { name: 'length', met: (password) => password.length >= length },
    ...required.map((name): PasswordRule => ({ name, met: (password) => classes[name].test(password) })),
  ];
}
