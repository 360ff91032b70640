import { describe, expect, it } from "vitest";
import { KINDS, kindRow } from "../src/kinds.ts";
import { collectionPath, refOf, resourcePath, subjectOf } from "../src/subject.ts";

const ref = (kind: keyof typeof KINDS, name: string, namespace?: string) => ({ ...KINDS[kind], name, namespace });

describe("paths", () => {
  it.each([
    ["/api/v1/namespaces/default/pods/a", ref("Pod", "a", "default")],
    ["/api/v1/namespaces/a", ref("Namespace", "a")],
    ["/api/v1/nodes/a", ref("Node", "a")],
    ["/apis/apps/v1/namespaces/n/deployments/a", ref("Deployment", "a", "n")],
    ["/apis/batch/v1/namespaces/n/jobs/a", ref("Job", "a", "n")],
    ["/apis/networking.k8s.io/v1/namespaces/n/ingresses/a", ref("Ingress", "a", "n")],
    ["/apis/networking.k8s.io/v1/namespaces/n/networkpolicies/a", ref("NetworkPolicy", "a", "n")],
    ["/apis/gateway.networking.k8s.io/v1/namespaces/n/httproutes/a", ref("HTTPRoute", "a", "n")],
    ["/api/v1/namespaces/n/services/a%2F..%2Fb%3Fx", ref("Service", "a/../b?x", "n")],
  ])("%s", (path, of) => {
    expect(resourcePath(of)).toBe(path);
  });

  it("addresses a subresource, a namespace's collection and the whole cluster's", () => {
    expect(resourcePath(ref("Pod", "a", "n"), "log")).toBe("/api/v1/namespaces/n/pods/a/log");
    expect(collectionPath(KINDS.Pod, "n")).toBe("/api/v1/namespaces/n/pods");
    expect(collectionPath(KINDS.Pod)).toBe("/api/v1/pods");
  });

  it("refuses what would address something else", () => {
    expect(() => resourcePath(ref("Pod", "a"))).toThrow("Pod/a: a Pod needs a namespace");
    for (const name of ["", ".", ".."]) expect(() => resourcePath(ref("Pod", name, "n"))).toThrow("is no name");
  });
});

describe("kinds", () => {
  it("refuses kinds and versions that are not in the table, by name", () => {
    expect(() => kindRow({ apiVersion: "v1", kind: "Gizmo" })).toThrow('kind "Gizmo" is not supported');
    expect(() => kindRow({ apiVersion: "v1", kind: "toString" })).toThrow('kind "toString" is not supported');
    expect(() => kindRow({ apiVersion: "extensions/v1beta1", kind: "Ingress" })).toThrow(
      'kind Ingress is supported as networking.k8s.io/v1, not as "extensions/v1beta1"',
    );
  });
});

describe("subjects", () => {
  it("names a manifest's resource", () => {
    const found = refOf({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a", namespace: "n" } });
    expect(found).toEqual({ apiVersion: "apps/v1", kind: "Deployment", namespace: "n", name: "a" });
    expect(subjectOf(found)).toBe("Deployment/n/a");
    expect(subjectOf(refOf({ apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } }))).toBe("Namespace/n");
  });

  it("says what a manifest lacks", () => {
    const pod = (metadata: object) => () => refOf({ apiVersion: "v1", kind: "Pod", metadata: metadata as never });
    expect(pod({})).toThrow("Pod: metadata.name is missing");
    expect(pod({ name: "a" })).toThrow("Pod/a: metadata.namespace is missing");
  });
});
