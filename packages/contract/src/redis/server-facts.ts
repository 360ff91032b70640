import type { Endpoint, RedisAddress } from "./address.ts";

/** What a Redis server says of itself in INFO, as far as it matters here; undefined where it does not say. */
export interface ServerFacts {
  readonly evictionPolicy: string | undefined;
  readonly keepsAppendOnlyFile: boolean | undefined;
  readonly isPrimary: boolean;
  readonly isClusterNode: boolean;
  /** Its replicas, by which it would be replaced. */
  readonly replicas: readonly Endpoint[];
}

/** What an operator has to know of a server. No secrets. */
export interface Judgement {
  /** Why it must not be used. */
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
}

/** The fields of an answer to INFO, by their names. */
export function infoFields(info: string): ReadonlyMap<string, string> {
  return new Map([...info.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name = "", value = ""]) => [name, value] as const));
}

/** Reads an answer to INFO. */
export function readInfo(info: string): ServerFacts {
  const fields = infoFields(info);
  const appendOnly = fields.get("aof_enabled");
  return {
    evictionPolicy: fields.get("maxmemory_policy"),
    keepsAppendOnlyFile: appendOnly === undefined ? undefined : appendOnly === "1",
    isPrimary: fields.get("role") !== "slave",
    isClusterNode: fields.get("cluster_enabled") === "1",
    replicas: [...fields].flatMap(([name, value]) => (/^slave\d+$/.test(name) ? replicaOf(value) : [])),
  };
}

/** Judges a server that is the primary, or would become it. INFO is enough: managed Redis often forbids CONFIG. */
export function judgeServer(facts: ServerFacts, topology: RedisAddress["topology"]): Judgement {
  const { evictionPolicy, keepsAppendOnlyFile, isClusterNode } = facts;
  const evicts = evictionPolicy !== undefined && evictionPolicy !== "noeviction";
  return {
    refusals: [
      ...(evicts
        ? [`it evicts keys when its memory is full (maxmemory-policy ${evictionPolicy}); it must be noeviction`]
        : []),
      ...(isClusterNode && topology !== "cluster" ? ["it is a node of a Redis Cluster; write redis+cluster://"] : []),
    ],
    warnings: [
      ...(evictionPolicy === undefined ? ["it does not say whether it evicts keys; it must not"] : []),
      ...(keepsAppendOnlyFile === true
        ? []
        : ["it keeps no append-only file, as far as it says; its end would lose every intent and job"]),
    ],
  };
}

/** `ip=10.0.0.7,port=6379,state=online,…` */
function replicaOf(text: string): Endpoint[] {
  const [, host, port] = /^ip=([^,]+),port=(\d+),/.exec(text) ?? [];
  return host === undefined || Number(port) === 0 ? [] : [{ host, port: Number(port) }];
}
