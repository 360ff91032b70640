/**
 * The element with that id.
 * @throws Error where the page has none of that type
 */
export function byId<Element extends HTMLElement>(id: string, type: new () => Element): Element {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`index.html: #${id} is missing or no ${type.name}`);
}

/** A new element with text or further elements inside. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<Pick<HTMLElementTagNameMap[Tag], "className" | "title" | "hidden">> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** A link to another site, which learns nothing of this page. A long address breaks before a dot, if it must. */
export function linkTo(url: string): HTMLAnchorElement {
  const [first = "", ...rest] = url
    .replace(/^https?:\/\//, "")
    .replace(/\/$/, "")
    .split(/(?=\.)/);
  const parts = rest.flatMap((part) => [document.createElement("wbr"), part]);
  const link = create("a", { title: "Opens in a new tab" }, first, ...parts);
  link.href = /^https?:/.test(url) ? url : "#";
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

/**
 * Calls `act` for each press of the button. The second click of a double click is none: by then the button may do the
 * opposite.
 */
export function onPress(button: HTMLButtonElement, act: () => void): void {
  button.addEventListener("click", ({ detail }) => {
    if (detail < 2) act();
  });
}

/** Sets a text only where it differs, so that nothing is announced or selected twice. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
