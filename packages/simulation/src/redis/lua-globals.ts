import {
  decodeJson,
  encodeJson,
  LuaTable,
  type LuaValue,
  numberOf,
  numberText,
  textOf,
  toNumber,
} from "./lua-values.ts";

/** Functions of one name space; a script can call them, and do nothing else with them. */
const library = (functions: Record<string, (...args: LuaValue[]) => LuaValue>) => functions;

/** One number with so many digits behind its point, `%.3f`, and what stands before it; nothing else is used. */
function format(pattern: LuaValue, value: LuaValue): LuaValue {
  const [, before = "", digits] = /^([^%]*)%\.(\d+)f$/.exec(textOf(pattern)) ?? [];
  if (digits === undefined) throw new Error(`the Lua runtime does not know the format ${textOf(pattern)}`);
  return before + numberOf(value).toFixed(Number(digits));
}

/** The globals of Redis' Lua that the scripts use. Constant: scripts cannot change them. */
export const LUA_GLOBALS = {
  cjson: library({ encode: encodeJson, decode: (text) => decodeJson(textOf(text)) }),
  math: library({
    floor: (value) => Math.floor(numberOf(value)),
    ceil: (value) => Math.ceil(numberOf(value)),
    max: (...values) => Math.max(...values.map(numberOf)),
    min: (...values) => Math.min(...values.map(numberOf)),
  }),
  string: library({ format }),
  table: library({
    insert: (list, value) => {
      if (list instanceof LuaTable) list.items.push(value);
      return undefined;
    },
  }),
  tonumber: toNumber as (value: LuaValue) => LuaValue,
  tostring: (value: LuaValue): LuaValue => (typeof value === "number" ? numberText(value, 14) : String(value)),
  unpack: (list: LuaValue, from: LuaValue = 1): LuaValue[] =>
    list instanceof LuaTable ? list.items.slice(numberOf(from) - 1) : [],
} as const;
