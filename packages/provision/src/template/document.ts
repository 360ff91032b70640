import { type Document, isMap, isNode, isScalar, type LineCounter } from "yaml";
import type { JsonObject } from "../json.ts";
import type { TemplateProblem } from "./template-error.ts";

/** Where in a document something is, from its root. */
export type Path = readonly (string | number)[];

/** One document of a template while it is being checked. */
export interface TemplateDocument {
  readonly tree: JsonObject;
  /** A problem with what is at the path, or with the nearest thing above it that exists. */
  problem(path: Path, message: string): TemplateProblem;
}

/** Gives a parsed YAML document the means to say where its problems are. */
export function templateDocument(
  yaml: Document,
  index: number,
  lines: LineCounter,
  tree: JsonObject,
): TemplateDocument {
  return {
    tree,
    problem: (path, message) => ({ document: index + 1, line: lineOf(yaml, path, lines), message }),
  };
}

function lineOf(yaml: Document, path: Path, lines: LineCounter): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const offset = offsetOf(yaml, path.slice(0, depth));
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return 1;
}

/** Where a key stands, or an item of a list begins. */
function offsetOf(yaml: Document, path: Path): number | undefined {
  const parent = yaml.getIn(path.slice(0, -1), true);
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)))
    : undefined;
  const node = path.length > 0 && isMap(parent) ? pair?.key : yaml.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}
