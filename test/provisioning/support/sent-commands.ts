import { randomUUID } from "node:crypto";
import { type TestRedis, waitFor } from "@repl/testkit";
import { Redis } from "ioredis";

/** What one user's connections ask of a Redis. */
export interface SentCommands extends AsyncDisposable {
  /** Names of all commands since the last look, in lower case. What scripts call is not among them: it takes no round trip. */
  take(): Promise<readonly string[]>;
}

/** Records from now on what a user's connections send, by MONITOR, which names the connection but not its user. */
export async function recordCommands(redis: TestRedis, user: string): Promise<SentCommands> {
  const seen: { readonly name: string; readonly argument: string; readonly from: string }[] = [];
  const connection = new Redis(redis.url);
  const monitor = await connection.monitor();
  monitor.on("monitor", (_time: string, [name = "", argument = ""]: string[], from: string) => {
    seen.push({ name: name.toLowerCase(), argument, from });
  });
  const addresses = new Set<string>();
  return {
    async take() {
      const list = String(await redis.command("CLIENT", "LIST")).split("\n");
      for (const client of list.filter((line) => line.includes(` user=${user} `)))
        addresses.add(/ addr=(\S+)/.exec(client)?.[1] ?? "");
      const mark = randomUUID();
      await redis.command("ECHO", mark);
      await waitFor(() => seen.some(({ argument }) => argument === mark), { what: "MONITOR to show the mark" });
      return seen
        .splice(0)
        .filter(({ from }) => addresses.has(from))
        .map(({ name }) => name);
    },
    async [Symbol.asyncDispose]() {
      monitor.disconnect();
      connection.disconnect();
    },
  };
}
