import { type Chunk, type Expression, parse, type Statement } from "luaparse";
import { LUA_GLOBALS } from "./lua-globals.ts";
import * as runtime from "./lua-values.ts";
import { LuaTable, type LuaValue } from "./lua-values.ts";

/** A script as Redis runs it: `call` is `redis.call`, and gets and gives Lua values. */
export type CompiledScript = (
  keys: readonly string[],
  args: readonly string[],
  call: (...args: LuaValue[]) => LuaValue,
) => LuaValue;

/**
 * Compiles a Lua 5.1 script of Redis to JavaScript. Numbers are doubles in both, so nothing has to be translated but the
 * syntax. What the scripts of this product do not use (metatables, coroutines, varargs, goto, several results of one
 * function) is refused here, and never guessed.
 * @throws {Error} naming the construct that is not known, or luaparse's error with its line
 */
export function compileLua(source: string): CompiledScript {
  const chunk = parse(source, { luaVersion: "5.1", comments: false }) as Chunk;
  const body = chunk.body.map(statement).join("\n");
  // The text comes from the repository's own scripts, parsed above; nothing else is ever compiled.
  const build = new Function("R", "LuaTable", "G", "KEYS", "ARGV", "redisCall", body);
  return (keys, args, call) =>
    build(runtime, LuaTable, LUA_GLOBALS, new LuaTable([...keys]), new LuaTable([...args]), call) as LuaValue;
}

const GIVEN = new Set(["KEYS", "ARGV"]);

/** A local's name in JavaScript; reserved words of JavaScript are none of Lua's. */
const nameOf = (name: string) => `$${name}`;

function statement(node: Statement): string {
  switch (node.type) {
    case "LocalStatement":
      return node.variables
        .map(({ name }, at) => {
          const value = node.init[at];
          return `let ${nameOf(name)} = ${value === undefined ? "undefined" : expression(value)};`;
        })
        .join(" ");
    case "AssignmentStatement":
      return assignment(node);
    case "CallStatement":
      return `${expression(node.expression)};`;
    case "ReturnStatement":
      if (node.arguments.length > 1) return unknown("a return of several values");
      return `return ${node.arguments[0] === undefined ? "undefined" : expression(node.arguments[0])};`;
    case "IfStatement":
      return node.clauses
        .map((clause, at) => {
          const head = clause.type === "ElseClause" ? "" : `if (${truth(clause.condition)})`;
          return `${at === 0 ? "" : "else "}${head} {${clause.body.map(statement).join("\n")}}`;
        })
        .join(" ");
    case "FunctionDeclaration": {
      if (!node.isLocal || node.identifier?.type !== "Identifier") return unknown("a function that is not local");
      return `function ${nameOf(node.identifier.name)}(${parametersOf(node.parameters)}) {${node.body.map(statement).join("\n")}}`;
    }
    case "ForNumericStatement": {
      const step = node.step === null ? "1" : expression(node.step);
      const name = nameOf(node.variable.name);
      const [start, end] = [expression(node.start), expression(node.end)];
      return `for (let ${name} = ${start}, end = ${end}, step = ${step}; step > 0 ? ${name} <= end : ${name} >= end; ${name} += step) {${node.body.map(statement).join("\n")}}`;
    }
    case "ForGenericStatement":
      return items(node);
    default:
      return unknown(node.type);
  }
}

/** `for _, item in ipairs(list)`; no other iterator. */
function items({ variables, iterators, body }: Extract<Statement, { type: "ForGenericStatement" }>): string {
  const [iterator] = iterators;
  const isItems =
    iterator?.type === "CallExpression" && iterator.base.type === "Identifier" && iterator.base.name === "ipairs";
  const [list] = isItems ? iterator.arguments : [];
  const [place, item] = variables;
  if (list === undefined || place === undefined) return unknown("an iterator that is not ipairs");
  const named = `[at, ${nameOf(item?.name ?? "_item")}]`;
  return `for (const ${named} of R.itemsOf(${expression(list)})) { const ${nameOf(place.name)} = at + 1; ${body.map(statement).join("\n")} }`;
}

function assignment({ variables, init }: Extract<Statement, { type: "AssignmentStatement" }>): string {
  // All values are known before the first is assigned.
  const values = init.map((value, at) => `const v${at} = ${expression(value)};`).join(" ");
  const assigned = variables.map((variable, at) => {
    const value = at < init.length ? `v${at}` : "undefined";
    if (variable.type === "Identifier") return `${nameOf(variable.name)} = ${value};`;
    if (variable.type === "MemberExpression")
      return `${expression(variable.base)}.set(${JSON.stringify(variable.identifier.name)}, ${value});`;
    return `${expression(variable.base)}.set(${expression(variable.index)}, ${value});`;
  });
  return `{ ${values} ${assigned.join(" ")} }`;
}

function parametersOf(parameters: readonly { type: string; name?: string }[]): string {
  return parameters
    .map(({ type, name }) => (type === "Identifier" && name ? nameOf(name) : unknown("varargs")))
    .join(", ");
}

const truth = (node: Expression): string => `R.isTrue(${expression(node)})`;

function expression(node: Expression): string {
  switch (node.type) {
    case "Identifier":
      if (GIVEN.has(node.name)) return node.name;
      return Object.hasOwn(LUA_GLOBALS, node.name) ? `G.${node.name}` : nameOf(node.name);
    case "StringLiteral":
      return JSON.stringify(stringOf(node.raw));
    case "NumericLiteral":
    case "BooleanLiteral":
      return node.raw;
    case "NilLiteral":
      return "undefined";
    case "MemberExpression":
      return `R.index(${expression(node.base)}, ${JSON.stringify(node.identifier.name)})`;
    case "IndexExpression":
      return `R.index(${expression(node.base)}, ${expression(node.index)})`;
    case "CallExpression":
      if (node.base.type === "MemberExpression" && node.base.indexer === ":") return method(node);
      return call(node);
    case "TableConstructorExpression":
      return table(node);
    case "LogicalExpression": {
      const [left, right] = [expression(node.left), expression(node.right)];
      const keep = node.operator === "or" ? "R.isTrue(v)" : "!R.isTrue(v)";
      return `((v) => ${keep} ? v : ${right})(${left})`;
    }
    case "UnaryExpression":
      return unary(node.operator, expression(node.argument));
    case "BinaryExpression":
      return binary(node.operator, expression(node.left), expression(node.right));
    default:
      return unknown(node.type);
  }
}

/** A call of `redis.call`, of a function of a library, or of one that a script holds. */
function call({ base, arguments: given }: Extract<Expression, { type: "CallExpression" }>): string {
  const args = given.map(argument).join(", ");
  const member = base.type === "MemberExpression" && base.base.type === "Identifier" ? base : undefined;
  const library = member?.base.type === "Identifier" ? member.base.name : "";
  const name = member?.identifier.name ?? "";
  if (library === "redis" && name === "call") return `redisCall(${args})`;
  const functions = (LUA_GLOBALS as Readonly<Record<string, unknown>>)[library];
  if (typeof functions === "object" && functions !== null && Object.hasOwn(functions, name))
    return `G.${library}.${name}(${args})`;
  return `R.call(${expression(base)}${args === "" ? "" : `, ${args}`})`;
}

/** `text:match(pattern)`; no other method. */
function method({ base, arguments: given }: Extract<Expression, { type: "CallExpression" }>): string {
  const [pattern] = given;
  if (base.type !== "MemberExpression" || base.identifier.name !== "match" || pattern === undefined) {
    return unknown("a method other than match");
  }
  const known =
    pattern.type === "StringLiteral" ? String(runtime.patternOf(stringOf(pattern.raw))) : expression(pattern);
  return `R.match(${expression(base.base)}, ${known})`;
}

/** `unpack` is the one function with several results, and only where all of them are arguments. */
function argument(node: Expression): string {
  const isUnpack = node.type === "CallExpression" && node.base.type === "Identifier" && node.base.name === "unpack";
  return isUnpack ? `...G.unpack(${node.arguments.map(expression).join(", ")})` : expression(node);
}

function table({ fields }: Extract<Expression, { type: "TableConstructorExpression" }>): string {
  const items = fields.flatMap((field) => (field.type === "TableValue" ? [expression(field.value)] : []));
  const named = fields.flatMap((field) => {
    if (field.type === "TableValue") return [];
    const key = field.type === "TableKeyString" ? JSON.stringify(field.key.name) : expression(field.key);
    return [`t.set(${key}, ${expression(field.value)});`];
  });
  const made = `new LuaTable([${items.join(", ")}])`;
  return named.length === 0 ? made : `((t) => { ${named.join(" ")} return t; })(${made})`;
}

function unary(operator: string, value: string): string {
  if (operator === "not") return `!R.isTrue(${value})`;
  if (operator === "-") return `-R.numberOf(${value})`;
  return operator === "#" ? `R.lengthOf(${value})` : unknown(operator);
}

const ARITHMETIC = new Set(["+", "-", "*", "/"]);

function binary(operator: string, left: string, right: string): string {
  if (ARITHMETIC.has(operator)) return `(R.numberOf(${left}) ${operator} R.numberOf(${right}))`;
  switch (operator) {
    case "^":
      return `(R.numberOf(${left}) ** R.numberOf(${right}))`;
    case "..":
      return `(R.textOf(${left}) + R.textOf(${right}))`;
    case "==":
      return `(${left} === ${right})`;
    case "~=":
      return `(${left} !== ${right})`;
    case "<":
      return `R.isLess(${left}, ${right})`;
    case ">":
      return `R.isLess(${right}, ${left})`;
    case "<=":
      return `!R.isLess(${right}, ${left})`;
    case ">=":
      return `!R.isLess(${left}, ${right})`;
    default:
      return unknown(operator);
  }
}

/** The scripts' texts have no escapes, so that their meaning is plain. */
function stringOf(raw: string): string {
  const text = raw.slice(1, -1);
  return text.includes("\\") ? unknown("an escape in a text") : text;
}

function unknown(what: string): never {
  throw new Error(`the Lua compiler does not know ${what}`);
}
