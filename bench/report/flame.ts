import type { Frame, Origin } from "./profile.ts";
import { drawing, element, text, toXml } from "./svg.ts";

const WIDTH = 1200;
const HEIGHT = 17;
const HEAD = 52;
/** Narrower frames are left out, in pixels. */
const NARROWEST = 1;
/** A character's width and the least room for a name, in pixels. */
const CHARACTER = 6.2;
const LEAST_NAME = 30;

const COLOURS: Readonly<Record<Origin, readonly [light: string, dark: string, meaning: string]>> = {
  own: ["#9bd3a8", "#1f6f3a", "this repository"],
  library: ["#a9cdf5", "#1d4f8c", "libraries"],
  node: ["#e3d7a4", "#6b5a14", "Node.js"],
  engine: ["#e7b7b4", "#7d2d2a", "engine, system calls, garbage collection"],
};
const ORIGINS = Object.keys(COLOURS) as Origin[];
const rules = (scheme: 0 | 1) => ORIGINS.map((origin) => `.${origin} { fill: ${COLOURS[origin][scheme]}; }`).join(" ");
const STYLE = `${rules(0)} @media (prefers-color-scheme: dark) { ${rules(1)} } .name { font-size: 10px; } rect { stroke: var(--paper); stroke-width: 0.5; }`;

/** A profile as a flame graph: widths are shares of the time at work, callers above what they call. */
export function flameGraph(root: Frame, title: string): string {
  const scale = WIDTH / root.totalUs;
  const parts: string[] = [];
  let deepest = 0;
  const draw = (frame: Frame, x: number, depth: number): void => {
    const width = frame.totalUs * scale;
    if (width < NARROWEST) return;
    deepest = Math.max(deepest, depth);
    parts.push(box(frame, x, HEAD + depth * HEIGHT, width, frame.totalUs / root.totalUs));
    let at = x;
    for (const child of frame.children) {
      draw(child, at, depth + 1);
      at += child.totalUs * scale;
    }
  };
  draw(root, 0, 0);
  const head = text(8, 20, title, { class: "title" });
  return drawing(WIDTH, HEAD + (deepest + 1) * HEIGHT + 8, title, [head, legend(), ...parts], STYLE);
}

function legend(): string {
  return ORIGINS.map((origin, index) => {
    const x = 8 + index * 150;
    return element("rect", { x, y: 32, width: 12, height: 12, class: origin }) + text(x + 18, 42, COLOURS[origin][2]);
  }).join("\n");
}

function box({ name, origin }: Frame, x: number, y: number, width: number, share: number): string {
  const tip = element("title", {}, toXml(`${name}: ${(100 * share).toFixed(1)} %`));
  const shown = name.slice(0, Math.floor((width - 4) / CHARACTER));
  const label = width < LEAST_NAME ? [] : [text(x + 2, y + 12, shown, { class: "name" })];
  return element("g", {}, tip, element("rect", { x, y, width, height: HEIGHT, class: origin }), ...label);
}
