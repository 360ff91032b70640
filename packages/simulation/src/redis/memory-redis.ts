import { type CompiledScript, compileLua } from "./lua-compile.ts";
import { LuaTable, type LuaValue, numberText } from "./lua-values.ts";

/** A reply as ioredis gives it: nil is null. */
export type Reply = null | string | number | Reply[];

type Stored =
  | { readonly type: "string"; text: string }
  | { readonly type: "hash"; readonly fields: Map<string, string> }
  | { readonly type: "set"; readonly members: Set<string> }
  | { readonly type: "zset"; readonly scores: Map<string, number> };

type TypeName = Stored["type"];

interface Entry {
  value: Stored;
  /** Milliseconds of the server's clock; undefined: for good. */
  expiresAt: number | undefined;
}

/** How a key was before a write; undefined: it was not there. */
interface Undo {
  readonly at: number;
  readonly restore: () => void;
}

/** What a server needs of its surroundings. */
export interface RedisSurroundings {
  /** The server's clock, milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly publish: (channel: string, message: string) => void;
}

const WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";

/** Scripts compiled so far, by their text. */
export type ScriptCache = Map<string, CompiledScript>;

/**
 * Redis in memory: exactly the commands that the product's scripts and stores use, each as the server has it
 * (test/redis-differential.test.ts compares them with a real one). Any other command, option or type is an error.
 */
export class MemoryRedis {
  readonly #keys = new Map<string, Entry>();
  readonly #surroundings: RedisSurroundings;
  readonly #scripts: ScriptCache;
  readonly #undo: Undo[] = [];
  /** Whether writes are remembered, so that the last of them can be lost. */
  keepsUndo = false;

  constructor(surroundings: RedisSurroundings, scripts: ScriptCache) {
    this.#surroundings = surroundings;
    this.#scripts = scripts;
  }

  get nowMs(): number {
    return this.#surroundings.nowMs();
  }

  /** Names of all keys that have not expired. */
  keys(): string[] {
    return [...this.#keys.keys()].filter((key) => this.#live(key) !== undefined).sort();
  }

  /** Runs one command. @throws {Error} with Redis' own text for a wrong type */
  execute(name: string, args: readonly (string | number)[]): Reply {
    return this.#run(name.toUpperCase(), args.map(String));
  }

  #run(name: string, args: readonly string[]): Reply {
    const command = COMMANDS[name];
    if (command === undefined) throw new Error(`ERR unknown command '${name}' in the in-memory Redis`);
    return command(this, args);
  }

  /** Runs a script: all of it, or, where it throws, what came before. */
  evaluate(source: string, keys: readonly string[], args: readonly (string | number)[]): Reply {
    const script = this.#scripts.get(source) ?? compileLua(source);
    this.#scripts.set(source, script);
    const call = (command: LuaValue, ...given: LuaValue[]) =>
      toLua(this.#run(String(command).toUpperCase(), given.map(commandArgument)));
    return toReply(script(keys, args.map(String), call));
  }

  publish(channel: string, message: string): number {
    this.#surroundings.publish(channel, message);
    return 0;
  }

  read<Name extends TypeName>(key: string, type: Name): Extract<Stored, { type: Name }> | undefined {
    const entry = this.#live(key);
    if (entry === undefined) return undefined;
    if (entry.value.type !== type) throw new Error(WRONG_TYPE);
    return entry.value as Extract<Stored, { type: Name }>;
  }

  /** The value to change, made where it is missing. */
  change<Name extends TypeName>(key: string, type: Name): Extract<Stored, { type: Name }> {
    const found = this.read(key, type);
    this.remember(key);
    if (found !== undefined) return found;
    const value = EMPTY[type]() as Extract<Stored, { type: Name }>;
    this.#keys.set(key, { value, expiresAt: undefined });
    return value;
  }

  replace(key: string, value: Stored, expiresAt: number | undefined): void {
    this.remember(key);
    this.#keys.set(key, { value, expiresAt });
  }

  remove(key: string): boolean {
    const isThere = this.#live(key) !== undefined;
    if (!isThere) return false;
    this.remember(key);
    return this.#keys.delete(key);
  }

  expiry(key: string): number | undefined | null {
    const entry = this.#live(key);
    return entry === undefined ? null : entry.expiresAt;
  }

  setExpiry(key: string, expiresAt: number | undefined): boolean {
    const entry = this.#live(key);
    if (entry === undefined) return false;
    this.remember(key);
    entry.expiresAt = expiresAt;
    return true;
  }

  /** Redis keeps no empty hash, set or sorted set. */
  dropIfEmpty(key: string): void {
    const value = this.#keys.get(key)?.value;
    const isEmpty =
      (value?.type === "hash" && value.fields.size === 0) ||
      (value?.type === "set" && value.members.size === 0) ||
      (value?.type === "zset" && value.scores.size === 0);
    if (isEmpty) this.#keys.delete(key);
  }

  /** Notes how to undo a write that is about to be made; for state that lies in Redis but not in its keys here, too. */
  noteUndo(restore: () => void): void {
    if (this.keepsUndo) this.#undo.push({ at: this.nowMs, restore });
  }

  /** Loses every write since that moment, as a server does that had not yet written them to its disk. */
  loseSince(ms: number): number {
    let lost = 0;
    while ((this.#undo.at(-1)?.at ?? -1) >= ms) {
      this.#undo.pop()?.restore();
      lost += 1;
    }
    return lost;
  }

  remember(key: string): void {
    if (!this.keepsUndo) return;
    const entry = this.#keys.get(key);
    const before = entry && { value: copy(entry.value), expiresAt: entry.expiresAt };
    this.noteUndo(() => {
      if (before === undefined) this.#keys.delete(key);
      else this.#keys.set(key, before);
    });
  }

  #live(key: string): Entry | undefined {
    const entry = this.#keys.get(key);
    if (entry?.expiresAt === undefined || entry.expiresAt > this.nowMs) return entry;
    this.#keys.delete(key);
    return undefined;
  }
}

const EMPTY: { readonly [Name in TypeName]: () => Stored } = {
  string: () => ({ type: "string", text: "" }),
  hash: () => ({ type: "hash", fields: new Map() }),
  set: () => ({ type: "set", members: new Set() }),
  zset: () => ({ type: "zset", scores: new Map() }),
};

function copy(value: Stored): Stored {
  switch (value.type) {
    case "string":
      return { ...value };
    case "hash":
      return { type: "hash", fields: new Map(value.fields) };
    case "set":
      return { type: "set", members: new Set(value.members) };
    case "zset":
      return { type: "zset", scores: new Map(value.scores) };
  }
}

type Command = (redis: MemoryRedis, args: readonly string[]) => Reply;

const integer = (text: string | undefined): number => {
  if (text === undefined || !/^-?\d+$/.test(text)) throw new Error("ERR value is not an integer or out of range");
  return Number(text);
};

const unknownOption = (): never => {
  throw new Error("ERR syntax error");
};

/** By score, then by name, as a sorted set is ordered. */
const ranked = (scores: ReadonlyMap<string, number>) =>
  [...scores].sort(([left, a], [right, b]) => a - b || (left < right ? -1 : 1));

const bound = (text: string): number => {
  if (text === "-inf") return Number.NEGATIVE_INFINITY;
  return text === "+inf" ? Number.POSITIVE_INFINITY : Number(text);
};

const withinScores = (redis: MemoryRedis, key: string, low: string, high: string) =>
  ranked(redis.read(key, "zset")?.scores ?? new Map()).filter(
    ([, score]) => score >= bound(low) && score <= bound(high),
  );

const scoreText = (score: number) => numberText(score, 17);

const COMMANDS: Readonly<Record<string, Command>> = {
  TIME: ({ nowMs }) => [String(Math.floor(nowMs / 1_000)), String((nowMs % 1_000) * 1_000)],
  GET: (redis, [key = ""]) => redis.read(key, "string")?.text ?? null,
  SET: (redis, [key = "", text = "", ...options]) => set(redis, key, text, options),
  DEL: (redis, keys) => keys.filter((key) => redis.remove(key)).length,
  PTTL: (redis, [key = ""]) => {
    const at = redis.expiry(key);
    return at === null ? -2 : at === undefined ? -1 : at - redis.nowMs;
  },
  PEXPIRE: (redis, [key = "", ms]) => Number(redis.setExpiry(key, redis.nowMs + integer(ms))),
  EXPIRE: (redis, [key = "", seconds]) => Number(redis.setExpiry(key, redis.nowMs + integer(seconds) * 1_000)),
  PERSIST: (redis, [key = ""]) => (redis.expiry(key) ? Number(redis.setExpiry(key, undefined)) : 0),
  HGET: (redis, [key = "", field = ""]) => redis.read(key, "hash")?.fields.get(field) ?? null,
  HEXISTS: (redis, [key = "", field = ""]) => Number(redis.read(key, "hash")?.fields.has(field) ?? false),
  HMGET: (redis, [key = "", ...fields]) => {
    const held = redis.read(key, "hash")?.fields;
    return fields.map((field) => held?.get(field) ?? null);
  },
  HGETALL: (redis, [key = ""]) => [...(redis.read(key, "hash")?.fields ?? [])].flat(),
  HSET: (redis, [key = "", ...pairs]) => {
    if (pairs.length === 0 || pairs.length % 2 === 1)
      throw new Error("ERR wrong number of arguments for 'hset' command");
    const { fields } = redis.change(key, "hash");
    const before = fields.size;
    for (let at = 0; at < pairs.length; at += 2) fields.set(pairs[at] as string, pairs[at + 1] as string);
    return fields.size - before;
  },
  HINCRBY: (redis, [key = "", field = "", by]) => {
    const { fields } = redis.change(key, "hash");
    const sum = integer(fields.get(field) ?? "0") + integer(by);
    fields.set(field, String(sum));
    return sum;
  },
  ZADD: (redis, [key = "", score = "", member = "", ...more]) => {
    if (more.length > 0) return unknownOption();
    const { scores } = redis.change(key, "zset");
    const isNew = !scores.has(member);
    scores.set(member, Number(score));
    return Number(isNew);
  },
  ZREM: (redis, [key = "", member = ""]) => {
    if (!redis.read(key, "zset")?.scores.has(member)) return 0;
    redis.change(key, "zset").scores.delete(member);
    redis.dropIfEmpty(key);
    return 1;
  },
  ZREMRANGEBYSCORE: (redis, [key = "", low = "", high = ""]) => {
    const gone = withinScores(redis, key, low, high);
    if (gone.length === 0) return 0;
    const { scores } = redis.change(key, "zset");
    for (const [member] of gone) scores.delete(member);
    redis.dropIfEmpty(key);
    return gone.length;
  },
  ZRANK: (redis, [key = "", member = ""]) => {
    const rank = ranked(redis.read(key, "zset")?.scores ?? new Map()).findIndex(([name]) => name === member);
    return rank === -1 ? null : rank;
  },
  LLEN: () => 0, // BullMQ's own lists, which do not lie in the keys here.
  ZSCORE: (redis, [key = "", member = ""]) => {
    const score = redis.read(key, "zset")?.scores.get(member);
    return score === undefined ? null : scoreText(score);
  },
  ZCARD: (redis, [key = ""]) => redis.read(key, "zset")?.scores.size ?? 0,
  ZCOUNT: (redis, [key = "", low = "", high = ""]) => withinScores(redis, key, low, high).length,
  ZRANGE: (redis, [key = "", low = "", high = "", option]) => {
    if (option === "BYSCORE") return withinScores(redis, key, low, high).map(([member]) => member);
    const all = ranked(redis.read(key, "zset")?.scores ?? new Map());
    const slice = all.slice(integer(low), integer(high) === -1 ? undefined : integer(high) + 1);
    if (option === "WITHSCORES") return slice.flatMap(([member, score]) => [member, scoreText(score)]);
    return option === undefined ? slice.map(([member]) => member) : unknownOption();
  },
  SADD: (redis, [key = "", member = ""]) => {
    const { members } = redis.change(key, "set");
    const isNew = !members.has(member);
    members.add(member);
    return Number(isNew);
  },
  SREM: (redis, [key = "", member = ""]) => {
    if (!redis.read(key, "set")?.members.has(member)) return 0;
    redis.change(key, "set").members.delete(member);
    redis.dropIfEmpty(key);
    return 1;
  },
  SCARD: (redis, [key = ""]) => redis.read(key, "set")?.members.size ?? 0,
  SMEMBERS: (redis, [key = ""]) => [...(redis.read(key, "set")?.members ?? [])],
  PUBLISH: (redis, [channel = "", message = ""]) => redis.publish(channel, message),
};

function set(redis: MemoryRedis, key: string, text: string, options: readonly string[]): Reply {
  let expiresAt: number | undefined;
  for (let at = 0; at < options.length; at += 1) {
    if (options[at] === "PX") {
      at += 1;
      expiresAt = redis.nowMs + integer(options[at]);
    } else if (options[at] !== "NX") return unknownOption();
    else if (redis.expiry(key) !== null) return null;
  }
  redis.replace(key, { type: "string", text }, expiresAt);
  return "OK";
}

/** Redis writes a number that a script passes to a command with `%.17g`. */
function commandArgument(value: LuaValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return numberText(value, 17);
  throw new Error("ERR Lua redis lib command arguments must be strings or integers");
}

/** A nil reply is `false` in a script. */
function toLua(reply: Reply): LuaValue {
  if (reply === null) return false;
  if (Array.isArray(reply)) return new LuaTable(reply.map(toLua));
  return reply;
}

/** What a script returns: numbers lose their fraction, `false` is nil, and a list ends at its first nil. */
function toReply(value: LuaValue): Reply {
  if (value === undefined || value === false) return null;
  if (value === true) return 1;
  if (typeof value === "number") return Math.trunc(value);
  if (typeof value === "string") return value;
  if (!(value instanceof LuaTable)) return null;
  const end = value.items.indexOf(undefined);
  return value.items.slice(0, end === -1 ? undefined : end).map(toReply);
}
