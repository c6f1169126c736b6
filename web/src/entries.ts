/** The page's entries in the tab's history. */

/** Entry is what the page keeps in an entry: whether it is a challenge's, and how many of the page's are before it. */
export interface Entry {
  emailotp?: 'challenge';
  depth: number;
}

/** How many of the page's entries are before the present one. */
export const depth = () => (history.state as Entry | null)?.depth ?? 0;

// Where a browser reports no change of the entry, the wait for it ends, in milliseconds.
const patience = 500;

/** Goes to an address in place of all of the page's entries, so that the back button leads to what was before. */
export async function leave(address: string): Promise<void> {
  if (depth() > 0) {
    const back = new Promise((resolve) => addEventListener('popstate', resolve, { once: true }));
    history.go(-depth());
    await Promise.race([back, new Promise((resolve) => setTimeout(resolve, patience))]);
  }
  location.replace(address);
}
