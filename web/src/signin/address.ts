/** Which e-mail addresses can be mailed to: the rule of the trigger functions, with the same table of cases. */

// What Amazon SES accepts before the @, and the names that DNS has.
const local = /^[\w!#$%&'*+\-/=?^`{|}~]+(\.[\w!#$%&'*+\-/=?^`{|}~]+)*$/;
const domain = /^([a-z\d]([a-z\d-]*[a-z\d])?\.)+(?!\d+$)[a-z\d]([a-z\d-]*[a-z\d])?$/i;

/** Returns an address without what is around or invisibly inside it, in the form NFKC. */
export function normalizeAddress(text: string): string {
  return text.slice(0, 1024).normalize('NFKC').replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '').trim();
}

/** Reports whether a normalised address can be mailed to; lengths are in characters. */
export function isMailable(address: string): boolean {
  const at = address.lastIndexOf('@');
  const [name, host] = [address.slice(0, at), address.slice(at + 1)];
  return at > 0 && address.length <= 254 && name.length <= 64 && local.test(name) && domain.test(host) && host.split('.').every((label) => label.length <= 63);
}

/** Reports whether a text has the shape of an address, whatever its characters are. */
export function isAddressShaped(address: string): boolean {
  return address.length <= 254 && /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/.test(address);
}
