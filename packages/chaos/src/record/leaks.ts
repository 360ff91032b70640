import type { Violation } from "@repl/checker";
import { keysWithPrefix } from "@repl/testkit";
import { Redis } from "ioredis";
import type { Installation } from "../service/installation.ts";

/** Looks for secrets in what processes tell (I18): a place is named once, and never the secret. */
export class Leaks {
  readonly #secrets: readonly string[];
  readonly #places = new Set<string>();

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  look(text: string, place: string): void {
    if (this.#secrets.some((secret) => text.includes(secret))) this.#places.add(place);
  }

  get violations(): Violation[] {
    return [...this.#places].map((place) => ({ invariant: "I18", what: `${place} holds a secret` }));
  }
}

/** Looks at what is not told line by line: the metrics and readiness of each process, and all that lies in Redis. */
export async function lookEverywhere({ apis, workers, redis, prefix }: Installation, leaks: Leaks): Promise<void> {
  const places = [...apis, ...workers].flatMap(({ place, opsUrl }) =>
    ["/metrics", "/readyz"].map(async (path) => {
      leaks.look(await (await fetch(opsUrl + path)).text(), `${path} of ${place.name}`);
    }),
  );
  await Promise.all([...places, lookInRedis(redis.url, prefix, leaks)]);
}

async function lookInRedis(url: string, prefix: string, leaks: Leaks): Promise<void> {
  const client = new Redis(url);
  try {
    const keys = await keysWithPrefix(url, prefix);
    await Promise.all(
      keys.map(async (key) => {
        if ((await client.type(key)) === "hash")
          leaks.look(JSON.stringify(await client.hgetall(key)), `${key} in Redis`);
      }),
    );
  } finally {
    client.disconnect();
  }
}
