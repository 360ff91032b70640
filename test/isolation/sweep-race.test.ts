import { waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { openSimulator } from "../support/targets.ts";
import { startUsersSystem } from "./support/users.ts";

test("a namespace that a start makes while the sweep lists is no repair", { timeout: 60_000 }, async () => {
  await using target = await openSimulator();
  await using system = await startUsersSystem(target, { env: { SWEEP_INTERVAL_SECONDS: "1" } });
  const { faults, audit } = target.simulator;
  const [worker] = system.workers;
  const sweepsSince = (ms: number) => system.redis.command("ZCOUNT", `${system.prefix}:sweeps:completed`, ms, "+inf");

  const after = audit.entries({}).at(-1)?.number ?? 0;
  const match = { verbs: ["list"], resources: ["namespaces"], userAgent: "repl-orchestrator*" };
  const held = faults.add({ match, effect: { kind: "hold" } });
  const listed = (kind: string) =>
    audit.entries({ after }).some(({ verb, subject }) => verb === "list" && subject.startsWith(kind));
  await waitFor(() => faults.list().some(({ hits }) => hits > 0) && listed("NetworkPolicy") && listed("LimitRange"), {
    what: "a sweep that has listed all but the namespaces",
  });
  expect(await system.order("start", "alice", "one")).toMatchObject({ state: "completed", error: null });
  const released = Date.now();
  faults.remove(held.id);
  await waitFor(async () => Number(await sweepsSince(released)) >= 1, { what: "the sweep to end" });

  const metrics = await (await fetch(`${worker?.opsUrl}/metrics`)).text();
  expect(metrics).toContain('repl_sweep_findings_total{action="restore"} 0');
  await worker?.stop(); // It writes its last lines only then.
  expect(worker?.output.text()).not.toContain("put right");
});
