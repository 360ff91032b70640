import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type System, startSystem } from "../support/system.ts";
import { TARGETS, type Target } from "../support/targets.ts";
import { ownResources, pathsOf, threeOf } from "./support/resources.ts";

const TEMPLATE = await readFile(new URL("../../service.yaml", import.meta.url), "utf8");
const INGRESS = "kind: Ingress\nmetadata:\n  name: service_name-ingress\n  labels:\n";
const OLD = TEMPLATE.replace(
  INGRESS,
  INGRESS.replace("  labels:\n", '  annotations:\n    example.com/buffer: "8k"\n  labels:\n    tier: old\n'),
);
const OTHER_SELECTOR = TEMPLATE.replace(
  "    matchLabels:\n      app: service_name\n",
  "    matchLabels:\n      app: service_name\n      tier: new\n",
).replace(
  "      labels:\n        app: service_name\n",
  "      labels:\n        app: service_name\n        tier: new\n",
);
/** The same workspace run by a StatefulSet. */
const SET = TEMPLATE.replace("kind: Deployment\n", "kind: StatefulSet\n")
  .replace("  progressDeadlineSeconds: 240\n", "  serviceName: service_name\n")
  .replace("terminationGracePeriodSeconds: 10\n", "terminationGracePeriodSeconds: 0\n");
/** More than a node has. */
const HUGE_SET = SET.replace("cpu: 100m\n", 'cpu: "10000"\n').replace(/cpu: "1"(\n +memory: 1Gi)/, 'cpu: "10000"$1');
/** The API server wants a name for each of several ports. */
const NAMELESS_PORT = TEMPLATE.replace("    - name: user\n      protocol: TCP\n", "    - protocol: TCP\n");
const LONG = { timeout: 120_000 };

/** A system whose template can be changed, as an operator does: by a new file and a new worker. */
async function startChangeable(target: Target, template: string) {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await mkdtempDisposable(join(tmpdir(), "template-")));
  const path = join(folder.path, "service.yaml");
  await writeFile(path, template);
  const env = { TEMPLATE_PATH: path, START_TIMEOUT_SECONDS: "30", SWEEP_INTERVAL_SECONDS: "3600" };
  const system: System = stack.use(await startSystem(target, { env }));
  let worker = system.workers[0];
  return {
    ...system,
    start: async (replId: string) => system.ended(await system.submit("start", replId)),
    stop: async (replId: string) => system.ended(await system.submit("stop", replId)),
    async change(next: string) {
      await writeFile(path, next);
      await worker?.stop();
      worker = await system.startWorker();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("a template that was changed", () => {
    let target: Target;
    beforeAll(async () => {
      target = await open();
    });
    afterAll(() => target?.[Symbol.asyncDispose]());

    const liveOf = async ({ namespace }: System, replId: string) => {
      const paths = Object.values(pathsOf(namespace, replId));
      const [deployment, ...owned] = await Promise.all(paths.map((path) => target.api.get(path)));
      return { deployment, owned };
    };

    test(
      "a label and an annotation that left it leave a running repl with its next start, those of others stay",
      LONG,
      async () => {
        await using system = await startChangeable(target, OLD);
        await system.start("one");
        const ingress = pathsOf(system.namespace, "one").Ingress;
        const before = (await target.api.get(ingress)).metadata;
        expect(before).toMatchObject({ labels: { tier: "old" }, annotations: { "example.com/buffer": "8k" } });
        const ofOthers = { labels: { team: "a" }, annotations: { "example.com/seen": "1" } };
        await target.api.request("PATCH", ingress, { metadata: ofOthers });

        await system.change(TEMPLATE);
        const status = await system.start("one");

        expect(status.resources.map(({ kind, action }) => `${kind} ${action}`)).toContain("Ingress updated");
        const { uid, labels, annotations } = (await target.api.get(ingress)).metadata;
        expect(uid).toBe(before.uid);
        expect(labels).not.toHaveProperty("tier");
        expect(annotations).not.toHaveProperty(["example.com/buffer"]);
        expect({ labels, annotations }).toMatchObject(ofOthers);
        await system.stop("one");
      },
    );

    test(
      "a selector, which is immutable, is changed by a Deployment made anew, with all that it owns",
      LONG,
      async () => {
        await using system = await startChangeable(target, TEMPLATE);
        await system.start("one");
        const before = await liveOf(system, "one");

        await system.change(OTHER_SELECTOR);
        const status = await system.start("one");

        expect(status).toMatchObject({ state: "completed", attempts: { made: 1 } });
        expect(status.resources[0]).toMatchObject({ kind: "Deployment", action: "created" });
        const { deployment, owned } = await liveOf(system, "one");
        expect(deployment.metadata.uid).not.toBe(before.deployment.metadata.uid);
        expect(deployment.spec.selector.matchLabels).toEqual({ app: "one", tier: "new" });
        expect(owned.map(({ metadata }) => metadata.ownerReferences.map(({ uid }: { uid: string }) => uid))).toEqual(
          owned.map(() => [deployment.metadata.uid]),
        );
        const pods = await target.api.get(`/api/v1/namespaces/${system.namespace}/pods`);
        expect(pods.items.map((pod: { metadata: { labels: object } }) => pod.metadata.labels)).toEqual([
          expect.objectContaining({ tier: "new" }),
        ]);
        await system.stop("one");
      },
    );

    test("a StatefulSet whose pod never got ready is made anew by a template that was corrected", LONG, async () => {
      await using system = await startChangeable(target, SET);
      const set = `/apis/apps/v1/namespaces/${system.namespace}/statefulsets/set`;
      expect(await system.start("set")).toMatchObject({ state: "completed" });
      const { uid } = (await target.api.get(set)).metadata;

      await system.change(HUGE_SET);
      const error = { code: "unschedulable" };
      expect(await system.start("set")).toMatchObject({ state: "failed", attempts: { made: 1 }, error });
      expect((await target.api.get(set)).metadata.uid).toBe(uid);

      await system.change(SET);
      const status = await system.start("set");
      expect(status).toMatchObject({ state: "completed", attempts: { made: 1 } });
      expect(status.resources[0]).toMatchObject({ kind: "StatefulSet", action: "created" });
      await system.stop("set");
    });

    test(
      "what the cluster refuses fails the start: a repl that runs stays as it is, of a new one nothing does",
      LONG,
      async () => {
        await using system = await startChangeable(target, TEMPLATE);
        await system.start("runs");
        const before = await liveOf(system, "runs");

        await system.change(NAMELESS_PORT);
        for (const replId of ["runs", "new"]) {
          const status = await system.start(replId);
          const subject = `Service/${system.namespace}/${replId}`;
          expect(status).toMatchObject({
            state: "failed",
            attempts: { made: 1 },
            error: {
              code: "template_rejected",
              retryable: false,
              details: { subject, status: 422, reason: "Invalid" },
            },
          });
          expect(status.message).toContain(
            `${subject}: Service "${replId}" is invalid: spec.ports[1].name: Required value`,
          );
        }

        const { deployment, owned } = await liveOf(system, "runs");
        expect(deployment.metadata.uid).toBe(before.deployment.metadata.uid);
        expect(owned.map(({ spec }) => spec)).toEqual(before.owned.map(({ spec }) => spec));
        expect(await ownResources(target.api, system.namespace)).toEqual(threeOf("runs"));
        await system.stop("runs");
      },
    );
  });
});
