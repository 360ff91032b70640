import { describe, expect, test } from "vitest";
import { matches } from "../src/apply/matches.ts";
import { RECORDED_KINDS, recorded } from "./support/fixtures.ts";

describe("a manifest and what the API server made of it", () => {
  test.each(RECORDED_KINDS.filter((kind) => kind !== "Secret"))("a %s matches, defaults and all", (kind) => {
    const { manifest, live } = recorded(kind);
    expect(live).not.toEqual(manifest);
    expect(matches(manifest, live)).toBe(true);
    expect(matches(live, manifest)).toBe(false);
  });
});

type Case = readonly [what: string, wanted: unknown, live: unknown];

describe("the same", () => {
  test.each<Case>([
    ["a field the server added", { a: 1 }, { a: 1, b: 2 }],
    ["an empty text the server dropped", { name: "A", value: "" }, { name: "A" }],
    ["an empty list the server dropped", { args: [] }, {}],
    ["false the server dropped", { tty: false }, {}],
    ["an empty object the server dropped", { securityContext: { capabilities: {} } }, {}],
    ["null", { a: null }, {}],
    ["zero", { replicas: 0 }, { replicas: 0 }],
    ["cpu in thousandths", { limits: { cpu: "1000m" } }, { limits: { cpu: "1" } }],
    ["cpu as a number", { requests: { cpu: 0.5 } }, { requests: { cpu: "500m" } }],
    ["memory in bytes", { limits: { memory: 1_073_741_824 } }, { limits: { memory: "1Gi" } }],
    ["memory with a fraction", { requests: { memory: "1.5Gi" } }, { requests: { memory: "1536Mi" } }],
    ["memory by exponent", { requests: { memory: "1e3" } }, { requests: { memory: "1k" } }],
    ["a size limit", { emptyDir: { sizeLimit: "1024Mi" } }, { emptyDir: { sizeLimit: "1Gi" } }],
  ])("%s", (_, wanted, live) => {
    expect(matches(wanted, live)).toBe(true);
  });
});

describe("not the same", () => {
  test.each<Case>([
    ["another value", { a: 1 }, { a: 2 }],
    ["a field that is gone", { a: 1 }, {}],
    ["a field that somebody filled", { args: [] }, { args: ["x"] }],
    ["a switch that somebody turned on", { hostNetwork: false }, { hostNetwork: true }],
    ["false that somebody took away where absence means true", { hostUsers: false, tty: false }, { stdin: true }],
    ["nothing but such a false", { securityContext: { allowPrivilegeEscalation: false } }, {}],
    ["zero replicas that somebody raised", { replicas: 0 }, { replicas: 1 }],
    ["an item more", { list: [1] }, { list: [1, 2] }],
    ["an item less", { list: [1, 2] }, { list: [1] }],
    ["another order", { list: [1, 2] }, { list: [2, 1] }],
    ["a list in place of an object", { a: { 0: "x" } }, { a: ["x"] }],
    ["an object in place of a list", { a: ["x"] }, { a: { 0: "x" } }],
    ["null in place of an object", { a: { b: 1 } }, { a: null }],
    ["another quantity", { limits: { cpu: "1" } }, { limits: { cpu: "1m" } }],
    ["binary and decimal units", { limits: { memory: "1G" } }, { limits: { memory: "1Gi" } }],
    ["texts that only look like quantities", { value: "1000m" }, { value: "1" }],
    ["labels that only look like quantities", { labels: { version: "1.0" } }, { labels: { version: "1" } }],
    ["a number in place of a text", { value: "1" }, { value: 1 }],
    ["an inherited name", { constructor: { name: "x" } }, {}],
  ])("%s", (_, wanted, live) => {
    expect(matches(wanted, live)).toBe(false);
  });
});
