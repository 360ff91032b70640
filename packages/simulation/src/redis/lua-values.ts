/** A Lua value as JavaScript holds it: nil is undefined, numbers are doubles in both (Lua 5.1, as in Redis). */
export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction;
type LuaFunction = (...args: LuaValue[]) => LuaValue;

/** What a table without fields has: most tables are lists. */
const NO_FIELDS: ReadonlyMap<LuaValue, LuaValue> = new Map();

/** A table: its items 1 to n, and its other fields. */
export class LuaTable {
  readonly items: LuaValue[];
  #fields: Map<LuaValue, LuaValue> | undefined;

  constructor(items: LuaValue[] = []) {
    this.items = items;
  }

  get fields(): ReadonlyMap<LuaValue, LuaValue> {
    return this.#fields ?? NO_FIELDS;
  }

  get(key: LuaValue): LuaValue {
    if (typeof key === "number" && key >= 1 && key <= this.items.length) return this.items[key - 1];
    return this.#fields?.get(key);
  }

  set(key: LuaValue, value: LuaValue): void {
    if (typeof key === "number" && key >= 1 && key <= this.items.length + 1) {
      if (value === undefined && key === this.items.length) this.items.pop();
      else if (key > this.items.length && value === undefined) return;
      else this.items[key - 1] = value;
    } else if (value === undefined) this.#fields?.delete(key);
    else {
      this.#fields ??= new Map();
      this.#fields.set(key, value);
    }
  }
}

export const isTrue = (value: LuaValue): boolean => value !== undefined && value !== false;

/** Lua 5.1 writes numbers with `%.14g`. */
export function textOf(value: LuaValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return numberText(value, 14);
  throw new TypeError(`attempt to concatenate a ${typeName(value)} value`);
}

export function numberText(value: number, digits: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 10 ** digits) return String(value);
  return String(Number(value.toPrecision(digits)));
}

/** A number, or text that reads as one, for arithmetic. */
export function numberOf(value: LuaValue): number {
  const number = toNumber(value);
  if (number === undefined) throw new TypeError(`attempt to perform arithmetic on a ${typeName(value)} value`);
  return number;
}

/** Lua's `tonumber`. */
export function toNumber(value: LuaValue): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

/** Lua's `<`: numbers or texts, never one of each. */
export function isLess(left: LuaValue, right: LuaValue): boolean {
  if (typeof left === "number" && typeof right === "number") return left < right;
  if (typeof left === "string" && typeof right === "string") return left < right;
  throw new TypeError(`attempt to compare ${typeName(left)} with ${typeName(right)}`);
}

export function lengthOf(value: LuaValue): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (value instanceof LuaTable) return value.items.length;
  throw new TypeError(`attempt to get length of a ${typeName(value)} value`);
}

export function index(value: LuaValue, key: LuaValue): LuaValue {
  if (value instanceof LuaTable) return value.get(key);
  throw new TypeError(`attempt to index a ${typeName(value)} value (${String(key)})`);
}

export function call(value: LuaValue, ...args: LuaValue[]): LuaValue {
  if (typeof value === "function") return value(...args);
  throw new TypeError(`attempt to call a ${typeName(value)} value`);
}

/** What `ipairs` goes through: from 0 on, up to the first nil. */
export function itemsOf(value: LuaValue): [number, LuaValue][] {
  if (!(value instanceof LuaTable)) throw new TypeError(`bad argument to 'ipairs' (${typeName(value)})`);
  const end = value.items.indexOf(undefined);
  return [...value.items.slice(0, end === -1 ? undefined : end).entries()];
}

/** Lua's `match`, of patterns with no other class than `%d`: their meaning is that of a regular expression. */
export function match(text: LuaValue, pattern: LuaValue | RegExp): LuaValue {
  const found = (pattern instanceof RegExp ? pattern : patternOf(textOf(pattern))).exec(textOf(text));
  return found === null ? undefined : (found[1] ?? found[0]);
}

/** A pattern as a regular expression. @throws {Error} for one whose meaning that would not be */
export function patternOf(pattern: string): RegExp {
  const source = pattern.replaceAll("%d", "\\d");
  if (source.includes("%")) throw new Error(`the Lua runtime does not know the pattern ${pattern}`);
  return new RegExp(source);
}

export function typeName(value: LuaValue): string {
  if (value === undefined) return "nil";
  return value instanceof LuaTable ? "table" : typeof value;
}

/** cjson.encode; a table without items is an object, as in cjson. */
export function encodeJson(value: LuaValue): string {
  if (value === undefined) return "null";
  if (typeof value === "number") return numberText(value, 14);
  if (typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  if (!(value instanceof LuaTable)) throw new TypeError("Cannot serialise function: type not supported");
  if (value.items.length > 0 && value.fields.size === 0) return `[${value.items.map(encodeJson).join(",")}]`;
  const all = [...value.items.map((item, at) => [String(at + 1), item] as const), ...value.fields];
  return `{${all.map(([key, field]) => `${JSON.stringify(String(key))}:${encodeJson(field)}`).join(",")}}`;
}

/** cjson.decode. */
export function decodeJson(text: string): LuaValue {
  return fromJson(JSON.parse(text));
}

function fromJson(value: unknown): LuaValue {
  if (value === null) return undefined;
  if (Array.isArray(value)) return new LuaTable(value.map(fromJson));
  if (typeof value !== "object") return value as LuaValue;
  const table = new LuaTable();
  for (const [key, field] of Object.entries(value)) table.set(key, fromJson(field));
  return table;
}
