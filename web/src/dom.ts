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

/** An address, isolated from the direction of the text around it. */
export function shown(address: string): HTMLElement {
  return el('bdi', { className: 'address', dir: 'ltr' }, address);
}

/** Sets a text if it changes, so that screen readers repeat nothing. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
