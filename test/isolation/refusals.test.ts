import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PLAIN_POD } from "../provisioning/support/templates.ts";
import { TARGETS, type Target } from "../support/targets.ts";
import { CLUSTER_MS, startUsersSystem, threeThere, type UsersSystem } from "./support/users.ts";

const ONE_POD = fileURLToPath(new URL("fixtures/one-pod.yaml", import.meta.url));

/** The smallest workspace, run by a kind whose controller says in an event alone that a pod was refused. */
const SILENT = {
  StatefulSet: (template: string) =>
    template
      .replace("kind: Deployment\n", "kind: StatefulSet\n")
      .replace("  progressDeadlineSeconds: 120\n", "  serviceName: service_name\n"),
  Job: (template: string) =>
    template
      .replace("apps/v1\nkind: Deployment\n", "batch/v1\nkind: Job\n")
      .replace(/ {2}progressDeadlineSeconds: 120\n {2}selector:\n.*\n.*\n/, "")
      .replace("      containers:\n", "      restartPolicy: Never\n      containers:\n"),
} as const;

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("what a user's namespace refuses", { timeout: CLUSTER_MS }, () => {
    let target: Target;

    beforeAll(async () => {
      target = await open();
    });
    afterAll(() => target?.[Symbol.asyncDispose]());

    const isGone = async (system: UsersSystem, userId: string, replId: string) =>
      (await threeThere(target.api, `${system.namePrefix}${userId}`, replId)).every((isThere) => !isThere);

    test("a quota that one user has used up ends that user's start, and nobody else's", async () => {
      await using system = await startUsersSystem(target, { env: { USER_NAMESPACE_TEMPLATE_PATH: ONE_POD } });
      expect(await system.order("start", "alice", "first")).toMatchObject({ state: "completed" });
      const [second, other] = await Promise.all([
        system.order("start", "alice", "second"),
        system.order("start", "bob", "third"),
      ]);
      expect(second).toMatchObject({ state: "failed", error: { code: "quota_exceeded", retryable: true } });
      expect(second.message).toContain("The quota of the cluster's namespace is used up.");
      expect(second.message).toContain("exceeded quota: one-pod, requested: pods=1, used: pods=1, limited: pods=1");
      expect(other).toMatchObject({ state: "completed" });
      expect(await isGone(system, "alice", "second")).toBe(true);
      expect(await threeThere(target.api, `${system.namePrefix}alice`, "first")).toEqual([true, true, true]);
    });

    test.each(["StatefulSet", "Job"] as const)("a %s says why its pod is not let in", async (kind) => {
      await using folder = await mkdtempDisposable(join(tmpdir(), "template-"));
      const path = join(folder.path, "service.yaml");
      await writeFile(path, SILENT[kind](await readFile(PLAIN_POD, "utf8")));
      await using system = await startUsersSystem(target, { env: { TEMPLATE_PATH: path } });
      const status = await system.order("start", "alice", "plain");
      expect(status).toMatchObject({ state: "failed", error: { code: "pod_refused", retryable: false } });
      expect(status.message).toContain('violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false');
      expect(status.resources).toMatchObject([{ kind, action: "deleted" }, {}, {}]);
    });

    test("a pod that Pod Security does not let in ends the start with what it lacks", async () => {
      await using system = await startUsersSystem(target, { env: { TEMPLATE_PATH: PLAIN_POD } });
      const status = await system.order("start", "alice", "plain");
      expect(status).toMatchObject({ state: "failed", error: { code: "pod_refused", retryable: false } });
      expect(status.message).toContain("The cluster's policy refused the workspace's pod.");
      expect(status.message).toContain('violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false');
      expect(await isGone(system, "alice", "plain")).toBe(true);
    });
  });
});
