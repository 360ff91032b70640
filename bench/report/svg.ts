/** Colours that change with the reader's scheme; an SVG in a page cannot inherit them. */
const STYLE = `
  svg { --ink: #1f2328; --soft: #656d76; --line: #d0d7de; --paper: #ffffff; --good: #1a7f37; --bad: #cf222e; --plain: #0969da; }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #e6edf3; --soft: #8d96a0; --line: #3d444d; --paper: #0d1117; --good: #3fb950; --bad: #f85149; --plain: #4493f8; }
  }
  text { font: 12px system-ui, sans-serif; fill: var(--ink); }
  .soft { fill: var(--soft); }
  .title { font-size: 14px; font-weight: 600; }
`;

/** An element; numbers are written with at most one decimal. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...content: readonly string[]
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? short(value) : toXml(value ?? "")}"`)
    .join("");
  return content.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${content.join("")}</${name}>`;
}

/** A line of text. */
export function text(x: number, y: number, words: string, attributes: Readonly<Record<string, string>> = {}): string {
  return element("text", { x, y, ...attributes }, toXml(words));
}

/** A whole drawing with its own background, readable in light and dark. @param style further rules of CSS */
export function drawing(width: number, height: number, title: string, parts: readonly string[], style = ""): string {
  const size = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${short(width)} ${short(height)}`,
    width,
    role: "img",
  };
  const paper = element("rect", { width, height, fill: "var(--paper)" });
  const head = [element("title", {}, toXml(title)), element("style", {}, STYLE + style), paper];
  return `${element("svg", size, "\n", [...head, ...parts].join("\n"), "\n")}\n`;
}

/** Text as it may stand in XML. */
export function toXml(words: string): string {
  return words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
