import type { Intent } from "@repl/contract";
import { describe, expect, test } from "vitest";
import { compare, type FoundResource } from "../src/sweep/compare.ts";

const KINDS = ["Deployment", "Service"];
const NOW = 1_000_000_000;
const LISTED = NOW - 1_000;

const intent = (change: Partial<Intent> = {}): Intent => ({
  replId: "one",
  userId: "alice",
  desired: "running",
  generation: 2,
  jobId: "job",
  jobOpen: false,
  settledAt: NOW - 500_000,
  lastFailed: false,
  startFailed: false,
  readyAt: NOW - 500_000,
  seenAt: NOW,
  ...change,
});

const found = (kind: string, namespace: string, change: Partial<FoundResource> = {}): FoundResource => ({
  apiVersion: "v1",
  kind,
  namespace,
  name: "one",
  uid: `${kind}-${namespace}`,
  resourceVersion: "1",
  replId: "one",
  user: "alice",
  generation: 2,
  createdAtMs: NOW - 600_000,
  terminating: false,
  ...change,
});
const whole = (namespace: string, change: Partial<FoundResource> = {}) =>
  KINDS.map((kind) => found(kind, namespace, change));

const findings = (resources: FoundResource[], of: Intent = intent(), { keepFailed = false, knownSinceMs = 0 } = {}) =>
  compare({
    resources,
    intents: new Map([[of.replId, of]]),
    wantedOf: ({ replId }) => KINDS.map((kind) => ({ kind, name: replId })),
    homeOf: (userId) => `home-${userId}`,
    nowMs: NOW,
    listedSinceMs: LISTED,
    knownSinceMs,
    idleTimeoutMs: 0,
    keepFailed,
  }).map((finding) => [finding.do, finding.do === "delete" ? finding.resource.uid : finding.because]);

describe("a repl that is meant to run", () => {
  test("is in order when it is whole at home", () => {
    expect(findings(whole("home-alice"))).toEqual([]);
  });

  test("is in order when it is whole where it was started before homes were changed", () => {
    expect(findings(whole("shared"))).toEqual([]);
  });

  test("loses what is left elsewhere once it is whole at home", () => {
    expect(findings([...whole("shared"), ...whole("home-alice")])).toEqual([
      ["delete", "Deployment-shared"],
      ["delete", "Service-shared"],
    ]);
  });

  test("is started where it is whole nowhere, whatever lies about; the start takes that away", () => {
    expect(findings([found("Deployment", "shared"), found("Service", "home-alice")])).toEqual([
      ["start", "it is meant to run and has no Deployment/one of generation 2"],
    ]);
  });

  test.each([
    ["while resources were listed is left to the next sweep", LISTED, []],
    ["before that is not", LISTED - 1, ["start"]],
    ["in the future, by the clock of an earlier Redis, is not", NOW + 3_600_000, ["start"]],
  ])("whose start ended %s", (_when, settledAt, done) => {
    expect(findings([], intent({ settledAt })).map(([what]) => what)).toEqual(done);
  });

  test("loses what an older generation left beside it", () => {
    const old = found("Service", "home-alice", { generation: 1, uid: "old" });
    expect(findings([...whole("home-alice"), old])).toEqual([["delete", "old"]]);
  });

  test("is only reported when its last start failed", () => {
    expect(findings([], intent({ lastFailed: true }))).toEqual([
      [
        "report",
        "it is meant to run and has no Deployment/one, Service/one of generation 2, but its last start failed",
      ],
    ]);
  });

  test("is left alone while a job works on it", () => {
    expect(findings([], intent({ jobOpen: true }))).toEqual([]);
  });

  test("does not count, nor lose, what is another user's", () => {
    expect(findings([...whole("home-alice"), found("Service", "home-alice", { user: "bob" })])).toEqual([
      ["report", "it belongs to the user bob, the repl to another"],
    ]);
  });
});

test("a repl that is meant to be stopped loses what is left of it in every namespace", () => {
  expect(findings([...whole("shared"), ...whole("home-alice")], intent({ desired: "stopped" }))).toEqual(
    ["Deployment-shared", "Service-shared", "Deployment-home-alice", "Service-home-alice"].map((uid) => [
      "delete",
      uid,
    ]),
  );
});

describe("a repl that is meant to be stopped", () => {
  const stopped = intent({ desired: "stopped", lastFailed: true, startFailed: true });
  const all = whole("home-alice").map(({ uid }) => ["delete", uid]);

  test("loses all that it has, what a failed start left as well", () => {
    expect(findings(whole("home-alice"), stopped)).toEqual(all);
  });

  test("whose stop ended while resources were listed is left to the next sweep", () => {
    expect(findings(whole("home-alice"), intent({ desired: "stopped", settledAt: LISTED }))).toEqual([]);
  });

  test("keeps what a failed start left where that is to be looked at, and nothing else", () => {
    expect(findings(whole("home-alice"), stopped, { keepFailed: true })).toEqual([]);
    expect(findings(whole("home-alice"), { ...stopped, startFailed: false }, { keepFailed: true })).toEqual(all);
  });
});

test.each([
  ["well before this Redis began is reported, since it may have been forgotten", -600_000, "report"],
  ["about when this Redis began is reported, since the API server's clock may be ahead", 30_000, "report"],
  ["well after that is an orphan", 120_000, "delete"],
])("a resource of a repl that nobody knows, made %s", (_when, sinceMs, what) => {
  const knownSinceMs = NOW - 600_000;
  const [first] = findings(
    [found("Service", "repls", { replId: "unknown", createdAtMs: knownSinceMs + sinceMs })],
    intent({ desired: "stopped" }),
    { knownSinceMs },
  );
  expect(first?.[0]).toBe(what);
});
