import { readFileSync } from "node:fs";
import { parseTemplate, type Template } from "@repl/provision";
import { loadSchema, type Schema } from "@repl/simulator";
import type { ScriptCache } from "../redis/memory-redis.ts";

/** What all schedules of a process share: read once, never changed by a schedule. */
export interface Shared {
  readonly template: Template;
  readonly schema: Schema;
  readonly scripts: ScriptCache;
}

/** Reads the template and the schema. */
export function loadShared(): Shared {
  const text = readFileSync(new URL("../../template.yaml", import.meta.url), "utf8");
  return { template: parseTemplate(text), schema: loadSchema(), scripts: new Map() };
}
