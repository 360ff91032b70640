import { isObject } from "../json.ts";

/** A value for each placeholder. */
type Values = Readonly<Record<string, string>>;

/** A copy of a tree with the placeholders replaced; parts that hold none are the tree's own, not to be changed. */
export type Fill<Tree> = (values: Values) => Tree;

/**
 * Prepares a JSON tree of which many copies are to be made, each placeholder replaced by its value in every string and
 * every key. It works on the parsed tree, so whatever a value is, it stays one string and cannot become YAML; and in one
 * pass, so a value that looks like a placeholder stays as it is. Placeholders are words of letters and underscores.
 */
export function prepare<Tree>(tree: Tree, placeholders: readonly string[]): Fill<Tree> {
  const fill = fillOf(tree, new RegExp(`(${placeholders.join("|")})`));
  return fill === undefined ? () => tree : (fill as Fill<Tree>);
}

/** Undefined where the tree holds no placeholder. */
function fillOf(tree: unknown, placeholders: RegExp): Fill<unknown> | undefined {
  if (typeof tree === "string") return fillOfText(tree, placeholders);
  if (Array.isArray(tree)) return fillOfList(tree, placeholders);
  return isObject(tree) ? fillOfObject(tree, placeholders) : undefined;
}

function fillOfText(text: string, placeholders: RegExp): Fill<string> | undefined {
  const parts = text.split(placeholders); // Every other one is a placeholder.
  if (parts.length === 1) return undefined;
  return (values) => parts.map((part, index) => (index % 2 === 1 ? (values[part] ?? part) : part)).join("");
}

function fillOfList(list: readonly unknown[], placeholders: RegExp): Fill<unknown[]> | undefined {
  const fills = list.map((item) => fillOf(item, placeholders));
  if (fills.every((fill) => fill === undefined)) return undefined;
  return (values) => list.map((item, index) => fills[index]?.(values) ?? item);
}

function fillOfObject(object: object, placeholders: RegExp): Fill<object> | undefined {
  const fields = Object.entries(object).map(([name, value]) => {
    return { name, value, fillName: fillOfText(name, placeholders), fill: fillOf(value, placeholders) };
  });
  if (fields.every(({ fillName, fill }) => fillName === undefined && fill === undefined)) return undefined;
  return (values) =>
    Object.fromEntries(
      fields.map(({ name, value, fillName, fill }) => [
        fillName?.(values) ?? name,
        fill === undefined ? value : fill(values),
      ]),
    );
}
