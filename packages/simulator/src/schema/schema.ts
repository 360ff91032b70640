import { readFileSync } from "node:fs";

/** What a field holds. `list` and `map` say how server-side apply merges them. */
export type FieldType =
  | { readonly shape: "scalar"; readonly name: string }
  | { readonly shape: "struct"; readonly name: string }
  | {
      readonly shape: "list";
      readonly merge: "atomic" | "set" | "map";
      readonly keys: readonly string[];
      readonly item: FieldType;
    }
  | {
      readonly shape: "map";
      readonly atomic: boolean;
      readonly item: FieldType;
    };

/** One struct: its fields, and whether it is replaced as a whole by server-side apply. */
interface StructType {
  readonly atomic: boolean;
  readonly fields: ReadonlyMap<string, FieldType>;
}

/** Every struct by name. */
export type Schema = ReadonlyMap<string, StructType>;

const LIST = /^\[([^\]]*)\](.+)$/;
const MAP = /^\{(atomic)?\}(.+)$/;

function listType(keys: string, item: string): FieldType {
  const merge = keys === "" ? "atomic" : keys === "set" ? "set" : "map";
  return {
    shape: "list",
    merge,
    keys: merge === "map" ? keys.split("+") : [],
    item: parseType(item),
  };
}

function parseType(text: string): FieldType {
  const list = LIST.exec(text);
  if (list) return listType(list[1] ?? "", list[2] ?? "any");
  const map = MAP.exec(text);
  if (map)
    return {
      shape: "map",
      atomic: map[1] === "atomic",
      item: parseType(map[2] ?? "any"),
    };
  return { shape: /^[A-Z]/.test(text) ? "struct" : "scalar", name: text };
}

function parseLine(line: string): [string, StructType] {
  const [head = "", ...fields] = line.split(" ");
  const atomic = head.endsWith("!");
  const entries = fields.map((field): [string, FieldType] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon), parseType(field.slice(colon + 1))];
  });
  return [atomic ? head.slice(0, -1) : head, { atomic, fields: new Map(entries) }];
}

/** Reads `fields.txt` (made by `generate.ts` from kube-apiserver 1.35's OpenAPI documents). */
export function loadSchema(): Schema {
  const text = readFileSync(new URL("./fields.txt", import.meta.url), "utf8");
  return new Map(
    text
      .split("\n")
      .filter((line) => line !== "")
      .map(parseLine),
  );
}
