/** A few lines around the DOM. Text is always set as text: nothing here parses HTML. */

type Properties<K extends keyof HTMLElementTagNameMap> = Omit<Partial<HTMLElementTagNameMap[K]>, 'style'> & {
  aria?: Record<string, string>;
  data?: Record<string, string>;
  on?: Partial<{ [E in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[E]) => void }>;
};

/** Makes an element. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, properties: Properties<K> = {} as Properties<K>, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const { aria, data, on, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(aria ?? {})) element.setAttribute(`aria-${name}`, value);
  Object.assign(element.dataset, data);
  for (const [name, listener] of Object.entries(on ?? {})) element.addEventListener(name, listener as EventListener);
  element.append(...children);
  return element;
}

/** Fills {names} in a sentence with nodes. */
export function sentence(text: string, values: Record<string, Node | string>): (Node | string)[] {
  return text.split(/(\{\w+\})/).map((part) => values[part.slice(1, -1)] ?? part);
}

/** An address, isolated from the direction of the text around it. It breaks after @ and dots. */
export function shown(address: string): HTMLElement {
  const parts = address.split(/(?<=[@.])/).flatMap((part, i) => (i > 0 ? [el('wbr'), part] : [part]));
  return el('bdi', { className: 'address', dir: 'ltr' }, ...parts);
}

const lines = {
  eye: 'M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6',
  'eye-off': 'M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6M4 20 20 4',
  tick: 'm5 12.5 4.5 4.5L19 7.5',
};

/** Makes a small drawing in the text's colour, which screen readers pass over. */
export function icon(name: keyof typeof lines): SVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  for (const [key, value] of [['viewBox', '0 0 24 24'], ['class', 'icon'], ['aria-hidden', 'true'], ['focusable', 'false']]) svg.setAttribute(key!, value!);
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', lines[name]);
  svg.append(path);
  return svg;
}

/** Sets a text if it changes, so that screen readers repeat nothing. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
