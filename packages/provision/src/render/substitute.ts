import { isObject } from "../json.ts";

/**
 * A copy of a JSON tree with each placeholder replaced by its value in every string and every key. It works on the
 * parsed tree, so whatever a value is, it stays one string and cannot become YAML; and in one pass, so a value that looks
 * like a placeholder stays as it is. Placeholders are words of letters and underscores.
 */
export function substitute<Tree>(tree: Tree, values: Readonly<Record<string, string>>): Tree {
  const placeholders = new RegExp(Object.keys(values).join("|"), "g");
  const replace = (text: string) => text.replace(placeholders, (placeholder) => values[placeholder] ?? placeholder);
  const walk = (node: unknown): unknown => {
    if (typeof node === "string") return replace(node);
    if (Array.isArray(node)) return node.map(walk);
    if (!isObject(node)) return node;
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [replace(key), walk(child)]));
  };
  return walk(tree) as Tree;
}
