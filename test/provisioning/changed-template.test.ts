import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSystem } from "../support/system.ts";
import { TARGETS, type Target } from "../support/targets.ts";
import { pathsOf } from "./support/resources.ts";

const TEMPLATE = await readFile(new URL("../../service.yaml", import.meta.url), "utf8");
const INGRESS = "kind: Ingress\nmetadata:\n  name: service_name-ingress\n  labels:\n";
const OLD = TEMPLATE.replace(
  INGRESS,
  INGRESS.replace("  labels:\n", '  annotations:\n    example.com/buffer: "8k"\n  labels:\n    tier: old\n'),
);

describe.each(TARGETS)("on the $name", ({ missing, open }) => {
  describe.skipIf(missing())("a template that was changed", () => {
    let target: Target;
    beforeAll(async () => {
      target = await open();
    });
    afterAll(() => target?.[Symbol.asyncDispose]());

    test("a label and an annotation that left it leave a running repl with its next start, those of others stay", {
      timeout: 120_000,
    }, async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), "template-"));
      const path = join(folder.path, "service.yaml");
      await writeFile(path, OLD);
      await using system = await startSystem(target, { env: { TEMPLATE_PATH: path, SWEEP_INTERVAL_SECONDS: "3600" } });
      await system.ended(await system.submit("start", "one"));
      const ingress = pathsOf(system.namespace, "one").Ingress;
      const before = (await target.api.get(ingress)).metadata;
      expect(before).toMatchObject({ labels: { tier: "old" }, annotations: { "example.com/buffer": "8k" } });
      const ofOthers = { labels: { team: "a" }, annotations: { "example.com/seen": "1" } };
      await target.api.request("PATCH", ingress, { metadata: ofOthers });

      await writeFile(path, TEMPLATE);
      await system.workers[0]?.stop();
      await system.startWorker();
      const status = await system.ended(await system.submit("start", "one"));

      expect(status.resources.map(({ kind, action }) => `${kind} ${action}`)).toContain("Ingress updated");
      const { uid, labels, annotations } = (await target.api.get(ingress)).metadata;
      expect(uid).toBe(before.uid);
      expect(labels).not.toHaveProperty("tier");
      expect(annotations).not.toHaveProperty(["example.com/buffer"]);
      expect({ labels, annotations }).toMatchObject(ofOthers);
      await system.ended(await system.submit("stop", "one"));
    });
  });
});
