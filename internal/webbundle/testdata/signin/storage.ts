import { Spill } from './storage';

class Area {
  setItem(key, value) {
    if (value === 'big') throw new Error('full');
    this[key] = value;
  }
  getItem(key) { return this[key] ?? null; }
  removeItem(key) { delete this[key]; }
}
const area = new Area();
const spill = new Spill(() => area, 'tokens.');
const seen = [];
const look = () => seen.push([spill.getItem('tokens.a'), spill.getItem('tokens.b'), Object.keys(area), spill.inMemory].join(' '));
area.setItem('other', 'x');
spill.setItem('tokens.a', '1');
look();
spill.setItem('tokens.b', 'big');
look();
spill.setItem('tokens.a', '2');
look();
spill.removeItem('tokens.a');
spill.removeItem('tokens.b');
look();
spill.setItem('tokens.a', '3');
spill.clear();
look();
const none = new Spill(() => { throw new Error('forbidden'); }, 'tokens.');
none.setItem('tokens.a', '1');
seen.push(`${none.getItem('tokens.a')} ${none.inMemory}`);
report(seen);
