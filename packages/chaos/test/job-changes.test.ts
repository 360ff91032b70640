import { startRedis, waitFor } from "@repl/testkit";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { followJobs } from "../src/record/job-changes.ts";

const CHANNEL = "changes";

test("what is published as soon as a killed Redis has loaded its data is heard", { timeout: 60_000 }, async () => {
  // It hears clients each 1,024 commands that it loads, and one takes 0.2 ms: the listener is back before the data is.
  await using redis = await startRedis({ appendOnly: "always", args: ["--key-load-delay", "200"] });
  const heard: string[] = [];
  const changes = await followJobs(redis.port, CHANNEL, (fields) => heard.push(fields.get("jobId") ?? ""));
  try {
    const client = new Redis(redis.url);
    await Promise.all(Array.from({ length: 3_000 }, (_, key) => client.set(`key-${key}`, key)));
    client.disconnect();
    for (const round of ["first", "second", "third"]) {
      await redis.kill();
      await redis.restart();
      await redis.command("PUBLISH", CHANNEL, JSON.stringify(["jobId", round]));
    }
    await waitFor(() => heard.length === 3, { what: "three jobs to be heard of", timeoutMs: 5_000 });
    await changes.caughtUp();
    expect(heard).toEqual(["first", "second", "third"]);
  } finally {
    changes.close();
  }
});
