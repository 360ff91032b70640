import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { type System, startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

const JOBS = 50;
const FOLLOWERS_EACH = 100;
const FOLLOWERS = JOBS * FOLLOWERS_EACH;
/** Connections that are opened at the same time; a listening socket's queue holds 511. */
const BATCH = 250;
/** Node's own objects of a socket, a request and a stream, and its share of the buffers, with room for a busy machine. */
const MOST_BYTES_EACH = 60_000;

/** One browser's event stream, as cheap as a test can have it. */
interface Follower {
  readonly socket: Socket;
  /** Everything received so far. */
  text: string;
}

async function openFollower(url: string, jobId: string): Promise<Follower> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, "connect");
  const follower: Follower = { socket, text: "" };
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    follower.text += chunk;
  });
  socket.on("error", () => {});
  socket.write(`GET /jobs/${jobId}/events HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return follower;
}

async function openAll(url: string, jobIds: readonly string[]): Promise<Follower[]> {
  const wanted = jobIds.flatMap((jobId) => Array.from({ length: FOLLOWERS_EACH }, () => jobId));
  const followers: Follower[] = [];
  for (let from = 0; from < wanted.length; from += BATCH) {
    followers.push(...(await Promise.all(wanted.slice(from, from + BATCH).map((jobId) => openFollower(url, jobId)))));
  }
  return followers;
}

const all = (followers: readonly Follower[], pattern: RegExp, what: string) =>
  waitFor(() => followers.every(({ text }) => pattern.test(text)), { what, timeoutMs: 30_000, intervalMs: 100 });

async function gauge({ apis }: System, name: string): Promise<number> {
  const text = await (await fetch(`${apis[0]?.opsUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

/** How often each command was run since the statistics were reset. */
async function commandCounts({ redis }: System): Promise<Map<string, number>> {
  const stats = String(await redis.command("INFO", "commandstats"));
  return new Map(
    [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name = "", calls]) => [name, Number(calls)]),
  );
}

test(`${FOLLOWERS} event streams on one process cost no Redis command while nothing changes, and all hear of a change`, {
  timeout: 120_000,
}, async () => {
  await using target = await openSimulator();
  await using system = await startSystem(target, { workers: 0 });
  const url = system.apis[0]?.url ?? "";
  const replIds = Array.from({ length: JOBS }, (_, index) => `repl-${index}`);
  const jobIds = await Promise.all(replIds.map((replId) => system.submit("start", replId)));
  const bytesBefore = await gauge(system, "process_resident_memory_bytes");

  const openedAt = performance.now();
  const followers = await openAll(url, jobIds);
  try {
    await all(followers, /event: progress\ndata: \{.*\}\n\n/, "each to have the job as it is");
    const openedMs = performance.now() - openedAt;
    expect(await gauge(system, "repl_followers")).toBe(FOLLOWERS);

    await system.redis.command("CONFIG", "RESETSTAT");
    await all(followers, /: still here\n\n/, "each to have a heartbeat");
    const counts = await commandCounts(system);
    // The process itself looks whether its connections live, which does not grow with the followers; the rest is this test.
    expect([...counts.keys()].filter((name) => !/^(ping|hello|info|config|client)/.test(name))).toEqual([]);
    expect(counts.get("ping") ?? 0).toBeLessThan(20);
    const bytesEach = ((await gauge(system, "process_resident_memory_bytes")) - bytesBefore) / FOLLOWERS;

    const changedAt = performance.now();
    for (const replId of replIds) await system.submit("stop", replId);
    await all(followers, /event: cancelled\ndata: \{.*"state":"cancelled".*\}\n\n/, "each to hear of the end");
    const deliveredMs = performance.now() - changedAt;
    await waitFor(async () => (await gauge(system, "repl_followers")) === 0, { what: "all places to be free" });
    console.log(
      `${FOLLOWERS} followers: opened in ${Math.round(openedMs)} ms, ${Math.round(bytesEach / 1024)} KiB each, ` +
        `${counts.get("ping") ?? 0} Redis commands (ping) until the heartbeat, a change of each job delivered in ${Math.round(deliveredMs)} ms`,
    );
    expect(bytesEach).toBeLessThan(MOST_BYTES_EACH);
  } finally {
    for (const { socket } of followers) socket.destroy();
  }
});
