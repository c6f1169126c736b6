/** Where users of large mailbox providers read their mail, by the domain of the address. */

/** Mailbox is a provider's name and where its users read their mail. */
export interface Mailbox {
  name: string;
  url: string;
}

const providers: [domains: RegExp, name: string, url: string][] = [
  [/^(gmail|googlemail)\.com$/, 'Gmail', 'https://mail.google.com/mail/'],
  [/^(outlook|hotmail|live|msn)\.[a-z.]+$/, 'Outlook', 'https://outlook.live.com/mail/'],
  [/^(yahoo\.[a-z.]+|ymail\.com)$/, 'Yahoo Mail', 'https://mail.yahoo.com/'],
  [/^(icloud|me|mac)\.com$/, 'iCloud Mail', 'https://www.icloud.com/mail/'],
  [/^(proton\.me|protonmail\.com|pm\.me)$/, 'Proton Mail', 'https://mail.proton.me/'],
];

/** Returns the mailbox of an address; nothing for a domain that hides its provider. */
export function mailboxOf(address: string): Mailbox | undefined {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  const found = providers.find(([domains]) => domains.test(domain));
  return found && { name: found[1], url: found[2] };
}
