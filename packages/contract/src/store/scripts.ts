import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";

const SCRIPTS = ["accept", "announce", "backlog", "begin", "find", "keepalive", "renew", "report", "settle"] as const;

type ScriptName = (typeof SCRIPTS)[number];

const sourceOf = (name: ScriptName) => readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8");

const SOURCES: readonly (readonly [name: ScriptName, lua: string])[] = SCRIPTS.map((name) => [name, sourceOf(name)]);

type Argument = string | number;

/** Runs one of the scripts beside this file; the first argument is the key prefix. One EVALSHA, EVAL once after a restart of Redis. */
export type RunScript = (name: ScriptName, prefix: string, ...args: Argument[]) => Promise<unknown>;

/** Registers the scripts on a connection (ioredis `defineCommand`) and gives the function that runs them. */
export function loadScripts(redis: Redis): RunScript {
  for (const [name, lua] of SOURCES) redis.defineCommand(commandOf(name), { lua, numberOfKeys: 1 });
  const commands = redis as unknown as Record<string, (...args: Argument[]) => Promise<unknown>>;
  return (name, prefix, ...args) => {
    const command = commands[commandOf(name)];
    if (command === undefined) throw new Error(`script ${name} is not registered`);
    return command.call(redis, prefix, ...args);
  };
}

const commandOf = (name: ScriptName) => `repl:${name}`;
