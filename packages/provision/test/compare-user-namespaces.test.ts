import { readFileSync } from "node:fs";
import type { KubeObject } from "@repl/kube";
import { describe, expect, test } from "vitest";
import { renderUserNamespace } from "../src/render/render-user-namespace.ts";
import { compareUserNamespaces, userPlaces } from "../src/sweep/compare-user-namespaces.ts";
import { parseUserNamespace } from "../src/template/parse.ts";

const template = parseUserNamespace(readFileSync(new URL("../../../user-namespace.yaml", import.meta.url), "utf8"));
const PREFIX = "repl-user-";
const inOrder = (): KubeObject[] => structuredClone(renderUserNamespace(template, "repl-user-alice", "alice"));
const findingsOf = async (resources: KubeObject[]) =>
  (await compareUserNamespaces(userPlaces(resources, PREFIX), resources, template)).map((finding) => {
    if (finding.do === "report") return [finding.do, finding.subject];
    const { kind, metadata } = finding.do === "restore" ? finding.manifest : finding.resource;
    return [finding.do, `${kind}/${metadata.name}`];
  });
const named = (resources: KubeObject[], name: string) =>
  resources.find(({ metadata }) => metadata.name === name) as KubeObject & Record<string, Record<string, unknown>>;

describe("the namespaces of users", () => {
  test("that are as their template says give no finding, whatever the server added", async () => {
    const resources = inOrder();
    const namespace = named(resources, "repl-user-alice");
    namespace.spec = { finalizers: ["kubernetes"] };
    Object.assign(namespace.metadata.labels ?? {}, { "kubernetes.io/metadata.name": "repl-user-alice", team: "x" });
    Object.assign(named(resources, "repl-quota"), { status: { hard: {}, used: {} } });
    expect(await findingsOf(resources)).toEqual([]);
  });

  test("get back what is missing", async () => {
    const resources = inOrder().filter(({ kind }) => kind !== "LimitRange");
    expect(await findingsOf(resources)).toEqual([["restore", "LimitRange/repl-limits"]]);
  });

  test.each<[string, string, (spec: Record<string, unknown>) => void]>([
    ["a way out that was added", "repl-deny-all", (spec) => Object.assign(spec, { egress: [{}] })],
    ["a way in that was added", "repl-deny-all", (spec) => Object.assign(spec, { ingress: [{}] })],
    [
      "an exception that was removed",
      "repl-allow-internet",
      (spec) => {
        const [rule] = spec.egress as { to: { ipBlock: { except: string[] } }[] }[];
        rule?.to[0]?.ipBlock.except.pop();
      },
    ],
    ["a direction that was removed", "repl-deny-all", (spec) => Object.assign(spec, { policyTypes: ["Ingress"] })],
    [
      "pods that were left out",
      "repl-deny-all",
      (spec) => Object.assign(spec, { podSelector: { matchLabels: { a: "b" } } }),
    ],
    ["a raised quota", "repl-quota", (spec) => Object.assign(spec.hard as object, { pods: "1k" })],
    [
      "a scope that makes the quota count less",
      "repl-quota",
      (spec) => Object.assign(spec, { scopes: ["BestEffort"] }),
    ],
  ])("are put right after %s", async (_, name, change) => {
    const resources = inOrder();
    const resource = named(resources, name);
    change(resource.spec as Record<string, unknown>);
    expect(await findingsOf(resources)).toEqual([["restore", `${resource.kind}/${name}`]]);
  });

  test("are put right after another Pod Security level", async () => {
    const resources = inOrder();
    Object.assign(named(resources, "repl-user-alice").metadata.labels ?? {}, {
      "pod-security.kubernetes.io/enforce": "privileged",
    });
    expect(await findingsOf(resources)).toEqual([["restore", "Namespace/repl-user-alice"]]);
  });

  test("a quota of the same amount in other words is the same", async () => {
    const resources = inOrder();
    Object.assign((named(resources, "repl-quota").spec as { hard: object }).hard, { "limits.memory": "24576Mi" });
    expect(await findingsOf(resources)).toEqual([]);
  });

  test("lose what is ours and not in the template, but not what is on its way out", async () => {
    const [namespace] = inOrder();
    const more = (name: string, metadata: object = {}): KubeObject => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name, namespace: "repl-user-alice", labels: { ...namespace?.metadata.labels }, ...metadata },
    });
    const going = more("going", { deletionTimestamp: "2026-11-22T03:40:57Z" });
    expect(await findingsOf([...inOrder(), more("older"), going])).toEqual([["delete", "NetworkPolicy/older"]]);
  });

  test("of another installation, and those being deleted, are left alone", async () => {
    const others = inOrder().map((resource) => structuredClone(resource));
    for (const { kind, metadata } of others) {
      if (kind === "Namespace") Object.assign(metadata, { name: "other-alice" });
      else Object.assign(metadata, { namespace: "other-alice" });
    }
    expect(await findingsOf(others.slice(0, 2))).toEqual([]);
    const going = inOrder().slice(0, 1);
    Object.assign(going[0]?.metadata ?? {}, { deletionTimestamp: "2026-11-22T03:40:57Z" });
    expect(await findingsOf(going)).toEqual([]);
  });

  test("report what another user's label says", async () => {
    const resources = inOrder();
    Object.assign(named(resources, "repl-quota").metadata.labels ?? {}, { "repl-orchestrator.dev/user": "bob" });
    expect(await findingsOf(resources)).toEqual([["report", "ResourceQuota/repl-user-alice/repl-quota"]]);
  });

  test("however many, do not keep the process from its other work", async () => {
    const users = Array.from({ length: 1000 }, (_, index) => `user-${index}`);
    const resources = users.flatMap((user) => renderUserNamespace(template, PREFIX + user, user));
    const done: string[] = [];
    setImmediate(() => done.push("other work"));
    await findingsOf(resources).then(() => done.push("findings"));
    expect(done).toEqual(["other work", "findings"]);
  });
});
