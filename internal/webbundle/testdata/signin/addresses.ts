import { isAddressShaped, isMailable, normalizeAddress } from './address';

report(cases.map(({ address }) => {
  const normalized = normalizeAddress(address);
  return { normalized, ok: isMailable(normalized), shaped: isAddressShaped(normalized) };
}));
