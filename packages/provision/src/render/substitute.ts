import { isObject } from "../json.ts";

/**
 * A copy of a JSON tree with the placeholder replaced in every string and every key. It works on the parsed tree, so
 * whatever the value is, it stays one string and cannot become YAML.
 */
export function substitute<Tree>(tree: Tree, placeholder: string, value: string): Tree {
  const replace = (text: string) => text.split(placeholder).join(value);
  const walk = (node: unknown): unknown => {
    if (typeof node === "string") return replace(node);
    if (Array.isArray(node)) return node.map(walk);
    if (!isObject(node)) return node;
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [replace(key), walk(child)]));
  };
  return walk(tree) as Tree;
}
