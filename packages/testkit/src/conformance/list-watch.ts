import { expect, test } from "vitest";
import type { TestCluster } from "./cluster.ts";
import type { WatchEvent } from "./http.ts";
import { configMap } from "./objects.ts";
import type { Part } from "./suite.ts";
import type { Json } from "./target.ts";

const MERGE = "application/merge-patch+json";
const OURS = "suite%3Dours";

const labelled = (name: string, extra: Record<string, string> = {}) =>
  configMap(name, {}, { labels: { suite: "ours", ...extra } });

const names = (list: Json): readonly string[] => list.items.map((item: Json) => item.metadata.name);

const types = (events: readonly WatchEvent[]): readonly string[] =>
  events.map(({ type, object }) => `${type} ${object.metadata?.name}`);

async function fill({ create }: TestCluster): Promise<void> {
  await create("configmaps", labelled("a", { tier: "web" }));
  await create("configmaps", labelled("b", { tier: "db" }));
  await create("configmaps", labelled("c"));
}

export const listing: Part = (withCluster) => {
  test(
    "label selectors: equality, sets, existence",
    withCluster(async (cluster) => {
      await fill(cluster);
      const cases: Record<string, readonly string[]> = {
        "tier=web": ["a"],
        "tier!=web": ["b", "c"],
        "tier in (web,db)": ["a", "b"],
        "tier notin (web)": ["b", "c"],
        tier: ["a", "b"],
        "!tier": ["c"],
        "tier,tier!=db": ["a"],
      };
      for (const [selector, wanted] of Object.entries(cases)) {
        const query = encodeURIComponent(`suite=ours,${selector}`);
        const reply = await cluster.call("GET", `${cluster.path("configmaps")}?labelSelector=${query}`);
        expect(names(reply.json), selector).toEqual(wanted);
      }
      const broken = await cluster.call("GET", `${cluster.path("configmaps")}?labelSelector=a%20in%20(`);
      expect(broken.status).toBe(400);
    }),
  );

  test(
    "field selectors: by name, and 400 for what is no selectable field",
    withCluster(async (cluster) => {
      await fill(cluster);
      const reply = await cluster.call("GET", `${cluster.path("configmaps")}?fieldSelector=metadata.name%3Db`);
      expect(names(reply.json)).toEqual(["b"]);
      const unknown = await cluster.call("GET", `${cluster.path("configmaps")}?fieldSelector=data.x%3D1`);
      expect(unknown.status).toBe(400);
      expect(unknown.json.message).toContain('"data.x" is not a known field selector');
    }),
  );

  test(
    "a list carries a resourceVersion, and items without kind",
    withCluster(async (cluster) => {
      await fill(cluster);
      const { json } = await cluster.call("GET", `${cluster.path("configmaps")}?labelSelector=${OURS}`);
      expect(json.kind).toBe("ConfigMapList");
      expect(json.metadata.resourceVersion).toMatch(/^\d+$/);
      expect(json.items[0]).not.toHaveProperty("kind");
      expect(json.items[0]).not.toHaveProperty("apiVersion");
    }),
  );

  test(
    "pages of one list show one revision",
    withCluster(async (cluster) => {
      await fill(cluster);
      const to = `${cluster.path("configmaps")}?labelSelector=${OURS}&limit=2`;
      const first = await cluster.call("GET", to);
      expect(names(first.json)).toEqual(["a", "b"]);
      await cluster.create("configmaps", labelled("bb"));
      const { continue: token, resourceVersion } = first.json.metadata;
      const second = await cluster.call("GET", `${to}&continue=${token}`);
      expect(names(second.json)).toEqual(["c"]);
      expect(second.json.metadata.resourceVersion).toBe(resourceVersion);
      expect(second.json.metadata.continue ?? "").toBe("");
      expect((await cluster.call("GET", `${to}&continue=nonsense`)).status).toBe(400);
    }),
  );

  test(
    "a list of a revision yet to come is 504 with cause and Retry-After",
    withCluster(async ({ call, path }) => {
      const reply = await call("GET", `${path("configmaps")}?resourceVersion=99999999999`);
      expect(reply.status).toBe(504);
      expect(reply.headers["retry-after"]).toBe("1");
      expect(reply.json.details.causes[0].reason).toBe("ResourceVersionTooLarge");
    }),
  );
};

export const watching: Part = (withCluster) => {
  test(
    "a watch from a list's resourceVersion misses nothing and repeats nothing",
    withCluster(async (cluster) => {
      await fill(cluster);
      const { json } = await cluster.call("GET", `${cluster.path("configmaps")}?labelSelector=${OURS}`);
      await cluster.create("configmaps", labelled("d"));
      await cluster.call("PATCH", cluster.path("configmaps", "a"), { contentType: MERGE, body: { data: { x: "1" } } });
      await cluster.call("DELETE", cluster.path("configmaps", "b"));
      const query = `watch=true&timeoutSeconds=10&labelSelector=${OURS}`;
      const events = await cluster.watch(
        `${cluster.path("configmaps")}?${query}&resourceVersion=${json.metadata.resourceVersion}`,
        (seen) => seen.length >= 3,
      );
      expect(types(events)).toEqual(["ADDED d", "MODIFIED a", "DELETED b"]);
      expect(events[0]?.object).toMatchObject({ kind: "ConfigMap", apiVersion: "v1" });
      const revisions = events.map(({ object }) => Number(object.metadata.resourceVersion));
      expect(revisions).toEqual(revisions.toSorted((x, y) => x - y));
      expect(new Set(revisions).size).toBe(3);
    }),
  );

  test(
    "a watch without a resourceVersion begins with what is there, and ends in time",
    withCluster(async (cluster) => {
      await fill(cluster);
      const query = `watch=true&timeoutSeconds=1&labelSelector=${OURS}`;
      const events = await cluster.watch(`${cluster.path("configmaps")}?${query}`);
      expect(types(events)).toEqual(["ADDED a", "ADDED b", "ADDED c"]);
    }),
  );

  test(
    "an object that leaves a selector is DELETED for its watch, one that enters is ADDED",
    withCluster(async (cluster) => {
      await fill(cluster);
      const { json } = await cluster.call("GET", cluster.path("configmaps"));
      const relabel = (name: string, tier: string | null) =>
        cluster.call("PATCH", cluster.path("configmaps", name), {
          contentType: MERGE,
          body: { metadata: { labels: { tier } } },
        });
      await relabel("a", null);
      await relabel("c", "web");
      const query = `watch=true&timeoutSeconds=10&labelSelector=tier%3Dweb`;
      const events = await cluster.watch(
        `${cluster.path("configmaps")}?${query}&resourceVersion=${json.metadata.resourceVersion}`,
        (seen) => seen.length >= 2,
      );
      expect(types(events)).toEqual(["DELETED a", "ADDED c"]);
    }),
  );

  test(
    "sendInitialEvents ends the initial events with an annotated bookmark",
    withCluster(async (cluster) => {
      await fill(cluster);
      const query = `watch=true&timeoutSeconds=10&labelSelector=${OURS}&sendInitialEvents=true`;
      const to = `${cluster.path("configmaps")}?${query}`;
      const events = await cluster.watch(`${to}&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`, (seen) =>
        seen.some(({ type }) => type === "BOOKMARK"),
      );
      expect(types(events.slice(0, 3)).toSorted()).toEqual(["ADDED a", "ADDED b", "ADDED c"]);
      const bookmark = events[3]?.object;
      expect(bookmark.kind).toBe("ConfigMap");
      expect(bookmark.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
      expect(bookmark.metadata.resourceVersion).toMatch(/^\d+$/);
      expect((await cluster.call("GET", to)).status).toBe(422);
    }),
  );

  test(
    "a watch from a resourceVersion that is no number is 500 without a reason",
    withCluster(async ({ call, path }) => {
      const reply = await call("GET", `${path("configmaps")}?watch=true&resourceVersion=abc&timeoutSeconds=1`);
      expect(reply.status).toBe(500);
      expect(reply.json.reason).toBeUndefined();
      expect(reply.json.message).toContain('resourceVersion: Invalid value: "abc"');
    }),
  );
};
