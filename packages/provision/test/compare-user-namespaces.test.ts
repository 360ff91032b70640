import { readFileSync } from "node:fs";
import type { KubeObject } from "@repl/kube";
import { describe, expect, test } from "vitest";
import { renderUserNamespace } from "../src/render/render-user-namespace.ts";
import { compareUserNamespaces, userPlaces } from "../src/sweep/compare-user-namespaces.ts";
import { parseUserNamespace } from "../src/template/parse.ts";

const template = parseUserNamespace(readFileSync(new URL("../../../user-namespace.yaml", import.meta.url), "utf8"));
const PREFIX = "repl-user-";
const inOrder = (): KubeObject[] => structuredClone(renderUserNamespace(template, "repl-user-alice", "alice"));
const findingsOf = (resources: KubeObject[]) =>
  compareUserNamespaces(userPlaces(resources, PREFIX), resources, template).map((finding) => {
    if (finding.do === "report") return [finding.do, finding.subject];
    const { kind, metadata } = finding.do === "restore" ? finding.manifest : finding.resource;
    return [finding.do, `${kind}/${metadata.name}`];
  });
const named = (resources: KubeObject[], name: string) =>
  resources.find(({ metadata }) => metadata.name === name) as KubeObject & Record<string, Record<string, unknown>>;

describe("the namespaces of users", () => {
  test("that are as their template says give no finding, whatever the server added", () => {
    const resources = inOrder();
    const namespace = named(resources, "repl-user-alice");
    namespace.spec = { finalizers: ["kubernetes"] };
    Object.assign(namespace.metadata.labels ?? {}, { "kubernetes.io/metadata.name": "repl-user-alice", team: "x" });
    Object.assign(named(resources, "repl-quota"), { status: { hard: {}, used: {} } });
    expect(findingsOf(resources)).toEqual([]);
  });

  test("get back what is missing", () => {
    const resources = inOrder().filter(({ kind }) => kind !== "LimitRange");
    expect(findingsOf(resources)).toEqual([["restore", "LimitRange/repl-limits"]]);
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
  ])("are put right after %s", (_, name, change) => {
    const resources = inOrder();
    const resource = named(resources, name);
    change(resource.spec as Record<string, unknown>);
    expect(findingsOf(resources)).toEqual([["restore", `${resource.kind}/${name}`]]);
  });

  test("are put right after another Pod Security level", () => {
    const resources = inOrder();
    Object.assign(named(resources, "repl-user-alice").metadata.labels ?? {}, {
      "pod-security.kubernetes.io/enforce": "privileged",
    });
    expect(findingsOf(resources)).toEqual([["restore", "Namespace/repl-user-alice"]]);
  });

  test("a quota of the same amount in other words is the same", () => {
    const resources = inOrder();
    Object.assign((named(resources, "repl-quota").spec as { hard: object }).hard, { "limits.memory": "24576Mi" });
    expect(findingsOf(resources)).toEqual([]);
  });

  test("lose what is ours and not in the template, but not what is on its way out", () => {
    const [namespace] = inOrder();
    const more = (name: string, metadata: object = {}): KubeObject => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name, namespace: "repl-user-alice", labels: { ...namespace?.metadata.labels }, ...metadata },
    });
    const going = more("going", { deletionTimestamp: "2026-11-22T03:40:57Z" });
    expect(findingsOf([...inOrder(), more("older"), going])).toEqual([["delete", "NetworkPolicy/older"]]);
  });

  test("of another installation, and those being deleted, are left alone", () => {
    const others = inOrder().map((resource) => structuredClone(resource));
    for (const { kind, metadata } of others) {
      if (kind === "Namespace") Object.assign(metadata, { name: "other-alice" });
      else Object.assign(metadata, { namespace: "other-alice" });
    }
    expect(findingsOf(others.slice(0, 2))).toEqual([]);
    const going = inOrder().slice(0, 1);
    Object.assign(going[0]?.metadata ?? {}, { deletionTimestamp: "2026-11-22T03:40:57Z" });
    expect(findingsOf(going)).toEqual([]);
  });

  test("report what another user's label says", () => {
    const resources = inOrder();
    Object.assign(named(resources, "repl-quota").metadata.labels ?? {}, { "repl-orchestrator.dev/user": "bob" });
    expect(findingsOf(resources)).toEqual([["report", "ResourceQuota/repl-user-alice/repl-quota"]]);
  });
});
