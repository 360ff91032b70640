import type { KubeObject } from "@repl/kube";
import { describe, expect, test } from "vitest";
import { decide, isOurs } from "../src/apply/decide.ts";
import { replacement } from "../src/apply/replacement.ts";
import { LABELS, MANIFEST_HASH } from "../src/labels.ts";
import { ownedBy } from "../src/plan/plan.ts";
import type { Manifest } from "../src/render/stamp.ts";
import { RECORDED_KINDS, type RecordedKind, recorded, states } from "./support/fixtures.ts";

/** A copy of a resource with other metadata. */
const withMetadata = (object: KubeObject, metadata: object): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, ...metadata },
});
const withLabels = (object: KubeObject, labels: Record<string, string>) =>
  withMetadata(object, { labels: { ...object.metadata.labels, ...labels } });
const withoutLabel = (object: KubeObject, name: string) => {
  const { [name]: _removed, ...labels } = object.metadata.labels ?? {};
  return withMetadata(object, { labels });
};
const terminating = (object: KubeObject) =>
  withMetadata(object, { deletionTimestamp: "2026-11-22T03:40:57Z", finalizers: ["foregroundDeletion"] });
/** As an earlier version of the template left it: the same but for the hash. */
const ofOldTemplate = (object: KubeObject) =>
  withMetadata(object, { annotations: { ...object.metadata.annotations, [MANIFEST_HASH]: "0000000000000000" } });

/** A copy of a Deployment without a field of its pods' spec. */
function withoutPodField(live: KubeObject, name: string): KubeObject {
  const copy = structuredClone(live) as KubeObject & { spec: { template: { spec: Record<string, unknown> } } };
  delete copy.spec.template.spec[name];
  return copy;
}

describe.each(RECORDED_KINDS)("a %s that is there already", (kind) => {
  const { manifest, live } = recorded(kind);

  test("is kept when it is as wanted", () => {
    expect(decide(manifest, live)).toBe("keep");
  });

  test.each([LABELS.managedBy, LABELS.repl, LABELS.user])(
    "is refused when its label %s is another or missing",
    (name) => {
      expect(isOurs(manifest, withLabels(live, { [name]: "someone-else" }))).toBe(false);
      expect(decide(manifest, withLabels(live, { [name]: "someone-else" }))).toBe("refuse");
      expect(decide(manifest, withoutLabel(live, name))).toBe("refuse");
    },
  );

  test("is refused when it has no labels at all, and when a stranger's is on its way out", () => {
    expect(decide(manifest, withMetadata(live, { labels: undefined }))).toBe("refuse");
    expect(decide(manifest, terminating(withLabels(live, { [LABELS.user]: "someone-else" })))).toBe("refuse");
  });

  test("is waited for when it is on its way out", () => {
    expect(decide(manifest, terminating(live))).toBe("wait");
  });
});

describe("a resource of ours that differs", () => {
  const rules: Record<RecordedKind, string> = {
    Deployment: "replace",
    StatefulSet: "replace",
    Job: "recreate",
    Service: "replace",
    Ingress: "replace",
    ConfigMap: "replace",
    Secret: "replace",
    ServiceAccount: "replace",
    NetworkPolicy: "replace",
    PersistentVolumeClaim: "keep",
  };

  test.each(Object.entries(rules) as [RecordedKind, string][])("a %s of an older template: %s", (kind, decision) => {
    const { manifest, live } = recorded(kind);
    expect(decide(manifest, ofOldTemplate(live))).toBe(decision);
  });

  // A StatefulSet's controller leaves a pod that is not ready as it is, whatever became of its template.
  test("a StatefulSet whose pod is ready is replaced, one whose pod is not is made anew", () => {
    const { manifest, live } = recorded("StatefulSet");
    const as = (state: "created" | "ready" | "rollout", object = ofOldTemplate(live)): KubeObject => ({
      ...object,
      status: (states("statefulset")[state] as KubeObject).status,
    });
    expect(decide(manifest, as("ready"))).toBe("replace");
    expect(decide(manifest, as("created"))).toBe("recreate");
    expect(decide(manifest, as("rollout"))).toBe("recreate");
    expect(decide(manifest, as("rollout", live))).toBe("keep");
    expect(decide(manifest, as("rollout", withLabels(live, { [LABELS.user]: "someone-else" })))).toBe("refuse");
  });

  test("a Job that failed is made anew, one that runs or has ended well is kept", () => {
    const { manifest, live } = recorded("Job");
    const ended = (type: string, status: string) => ({ ...live, status: { conditions: [{ type, status }] } });
    expect(decide(manifest, live)).toBe("keep");
    expect(decide(manifest, ended("Complete", "True"))).toBe("keep");
    expect(decide(manifest, ended("Failed", "False"))).toBe("keep");
    expect(decide(manifest, ended("Failed", "True"))).toBe("recreate");
    expect(decide(manifest, withLabels(ended("Failed", "True"), { [LABELS.user]: "someone-else" }))).toBe("refuse");
  });

  test("only the generation is newer", () => {
    const { manifest, live } = recorded("Deployment");
    const stale = withLabels(live, { [LABELS.generation]: "2" });
    expect(isOurs(manifest, stale)).toBe(true);
    expect(decide(manifest, stale)).toBe("replace");
  });

  test.each<readonly [string, RecordedKind, (live: KubeObject) => KubeObject]>([
    [
      "somebody scaled it to zero",
      "Deployment",
      (live) => ({ ...live, spec: { ...(live.spec as object), replicas: 0 } }),
    ],
    [
      "somebody led it elsewhere",
      "Service",
      (live) => ({ ...live, spec: { ...(live.spec as object), selector: { app: "other" } } }),
    ],
    [
      "somebody gave its pods a token, which they get where nothing is said",
      "Deployment",
      (live) => withoutPodField(live, "automountServiceAccountToken"),
    ],
    ["somebody emptied it", "ConfigMap", ({ data: _data, ...live }) => live as KubeObject],
    ["somebody changed a secret", "Secret", (live) => ({ ...live, data: { host: "b3RoZXI=" } })],
    ["its owner was made anew", "Ingress", (live) => withMetadata(live, { ownerReferences: [] })],
  ])("%s: %s", (_, kind, change) => {
    const { manifest, live } = recorded(kind);
    const owned = kind === "Ingress" ? ownedBy(manifest, recorded("Deployment").live) : manifest;
    expect(decide(owned, live)).toBe("keep");
    expect(decide(owned, change(live))).toBe("replace");
  });

  test("what others wrote beside ours is no difference", () => {
    const { manifest, live } = recorded("Service");
    const annotated = withMetadata(live, { annotations: { ...live.metadata.annotations, "example.com/seen": "1" } });
    expect(decide(manifest, withLabels(annotated, { team: "a" }))).toBe("keep");
  });
});

describe("a replacement", () => {
  const service = recorded("Service");
  const put = replacement(service.manifest, service.live);

  test("is tied to the very resource that was read", () => {
    const { uid, resourceVersion } = service.live.metadata;
    expect(uid).toBeDefined();
    expect(put.metadata).toMatchObject({ uid, resourceVersion });
  });

  test("of a Service keeps the address and families the cluster chose, and nothing else of its spec", () => {
    const live = service.live.spec as Record<string, unknown>;
    const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = live;
    expect(clusterIP).toMatch(/^10\./);
    expect(put.spec).toEqual({
      ...(service.manifest.spec as object),
      clusterIP,
      clusterIPs,
      ipFamilies,
      ipFamilyPolicy,
    });
  });

  test("does not override what the template says about those", () => {
    const headless = { ...service.manifest, spec: { ...(service.manifest.spec as object), clusterIP: "None" } };
    expect(replacement(headless, service.live).spec).toMatchObject({ clusterIP: "None" });
  });

  test("keeps labels, annotations and finalizers of others, and has ours win", () => {
    const { manifest, live } = recorded("PersistentVolumeClaim");
    const touched = withLabels(ofOldTemplate(live), { team: "a", [LABELS.generation]: "1" });
    const { metadata } = replacement(manifest, touched);
    expect(metadata.labels).toEqual({ ...manifest.metadata.labels, team: "a" });
    expect(metadata.annotations).toEqual(manifest.metadata.annotations);
    expect(metadata.finalizers).toEqual(["kubernetes.io/pvc-protection"]);
  });

  test("does not bring back a field that the template no longer has", () => {
    const { manifest, live } = recorded("Deployment");
    const paused = { ...live, spec: { ...(live.spec as object), paused: true } };
    expect(replacement(manifest, paused).spec).toEqual(manifest.spec);
  });

  test("of what has no spec is its manifest with the identity of the resource", () => {
    const { manifest, live } = recorded("ConfigMap");
    expect(Object.keys(replacement(manifest, live))).toEqual(Object.keys(manifest));
    expect(replacement(manifest, live).data).toEqual(manifest.data);
  });

  test("carries no status and changes neither side", () => {
    const { manifest, live } = recorded("Deployment");
    const before = JSON.stringify([manifest, live]);
    const made: Manifest = replacement(manifest, live);
    expect(made).not.toHaveProperty("status");
    expect(JSON.stringify([manifest, live])).toBe(before);
  });

  test("of a replacement that the server took, nothing is left to do", () => {
    const { manifest, live } = recorded("Deployment");
    const taken = { ...live, ...replacement(manifest, ofOldTemplate(live)) } as KubeObject;
    expect(decide(manifest, taken)).toBe("keep");
  });
});
