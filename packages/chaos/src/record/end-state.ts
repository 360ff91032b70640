import { type EndState, type IntentSeen, jobSeen, objectSeen, type ResourceRead } from "@repl/checker";
import { keysOf } from "@repl/contract";
import { keysWithPrefix } from "@repl/testkit";
import { Redis } from "ioredis";
import type { Installation } from "../service/installation.ts";
import { collectionOf, KINDS } from "./kinds.ts";

/** How an installation stands now; `owns` says which repls it is about. */
export async function readEndState(
  installation: Installation,
  rested: boolean,
  owns: (replId: string) => boolean,
): Promise<EndState> {
  const { redis, prefix } = installation;
  const client = new Redis(redis.url);
  try {
    const keys = keysOf(prefix);
    const jobs = (await hashesOf(client, redis.url, `${prefix}:job:`))
      .map(({ fields }) => jobSeen(new Map(Object.entries(fields))))
      .filter(({ replId }) => owns(replId));
    const intents = (await hashesOf(client, redis.url, `${prefix}:repl:`))
      .flatMap(intentOf)
      .filter(({ replId }) => owns(replId));
    const users = [...new Set(intents.map(({ userId }) => userId))];
    const known = new Set(jobs.map(({ jobId }) => jobId));
    return {
      at: Date.now(),
      rested,
      objects: await readObjects(installation, owns),
      jobs,
      intents,
      open: (await client.zrange(keys.open, "0", "-1")).filter((jobId) => known.has(jobId)),
      leases: (await keysWithPrefix(redis.url, `${prefix}:lease:`)).map(lastPart).filter(owns),
      counted: await Promise.all(
        users.map(async (userId) => ({
          userId,
          running: await client.scard(keys.userRunning(userId)),
          open: await client.zcard(keys.userOpen(userId)),
        })),
      ),
      leftovers: [],
    };
  } finally {
    client.disconnect();
  }
}

const lastPart = (key: string) => key.slice(key.lastIndexOf(":") + 1);

async function hashesOf(client: Redis, url: string, prefix: string) {
  const keys = await keysWithPrefix(url, prefix);
  return Promise.all(keys.map(async (key) => ({ name: lastPart(key), fields: await client.hgetall(key) })));
}

function intentOf({ name, fields }: { name: string; fields: Record<string, string> }): IntentSeen[] {
  const { userId, desired, generation, lastState = "", jobId = "" } = fields;
  if (userId === undefined) return [];
  const wanted = desired === "running" ? "running" : "stopped";
  return [{ replId: name, userId, desired: wanted, generation: Number(generation), lastState, jobId }];
}

/** Every resource of the template's kinds that belongs to these repls, or bears such a name. */
export async function readObjects({ target, namespace }: Installation, owns: (replId: string) => boolean) {
  const lists = KINDS.map(async (kind) => {
    const { items } = (await target.api.get(collectionOf(kind, namespace))) as { items: ResourceRead[] };
    return items.map((item) => objectSeen({ ...item, kind }));
  });
  const all = (await Promise.all(lists)).flat();
  return all.filter(({ replId, name }) => owns(replId || name.replace(/-ingress$/, "")));
}
