import { describe, expect, it } from "vitest";
import { answer, answerText, status } from "./support/api-server.ts";
import { link } from "./support/cleanup.ts";
import { expired, reflect, scriptedCluster } from "./support/scripted-cluster.ts";
import { eventually, failure } from "./support/wait.ts";

const until = eventually;

describe("the course of things", () => {
  it("lists once page by page, then watches from there with bookmarks", async () => {
    const cluster = await scriptedCluster();
    cluster.put("a-1");
    const { reflector, changes } = reflect(cluster);
    await reflector.synced;
    await cluster.watchOpened(1);
    expect(Object.fromEntries(cluster.lists[0] ?? [])).toEqual({ labelSelector: "app=x", limit: "500" });
    expect(Object.fromEntries(cluster.watched[0] ?? [])).toEqual({
      watch: "true",
      allowWatchBookmarks: "true",
      labelSelector: "app=x",
      resourceVersion: "11",
      timeoutSeconds: "300",
    });
    cluster.put("a-2");
    cluster.put("a-2");
    cluster.remove("a-1");
    await until(() => changes.length === 4, "four changes");
    expect(changes).toEqual(["added a-1 uid-a-1", "added a-2 uid-a-2", "modified a-2 uid-a-2", "deleted a-1 uid-a-1"]);
  });

  it("finds by uid and by index, and keeps only what it was told to", async () => {
    const cluster = await scriptedCluster();
    for (const name of ["a-1", "a-2", "b-1"]) cluster.put(name);
    const { reflector, changes } = reflect(cluster);
    await reflector.synced;
    const { store } = reflector;
    expect(store.get("uid-a-1")).toEqual({ name: "a-1", version: "11" });
    expect(store.byIndex("a").map(({ name }) => name)).toEqual(["a-1", "a-2"]);
    expect(store.byIndex("nobody")).toEqual([]);
    await cluster.watchOpened(1);
    cluster.remove("a-1");
    await until(() => changes.length === 4, "the deletion");
    expect(store.byIndex("a").map(({ name }) => name)).toEqual(["a-2"]);
    expect([...store.values()]).toHaveLength(store.size);
  });

  it("goes on from the last bookmark when the server ends the watch, without a list", async () => {
    const cluster = await scriptedCluster();
    const { reflector } = reflect(cluster);
    await cluster.watchOpened(1);
    cluster.send({ type: "BOOKMARK", object: { kind: "Pod", metadata: { resourceVersion: "77" } } });
    await until(() => reflector.stats().lastEventAgeMs < Infinity, "the bookmark");
    cluster.watches[0]?.end();
    await cluster.watchOpened(2);
    expect(cluster.watched[1]?.get("resourceVersion")).toBe("77");
    expect(cluster.lists).toHaveLength(1);
    expect(reflector.stats()).toMatchObject({ relists: 0, events: 0, objects: 0 });
    await until(() => reflector.stats().restarts === 1, "the restart is counted");
  });

  it("starts once however often it is started, and never after it was stopped", async () => {
    const cluster = await scriptedCluster();
    const { reflector } = reflect(cluster);
    reflector.start();
    await cluster.watchOpened(1);
    await reflector.stop();
    reflector.start();
    expect(cluster.lists).toHaveLength(1);
    expect(cluster.watched).toHaveLength(1);
  });

  it("survives listeners that throw, and tells of them", async () => {
    const cluster = await scriptedCluster();
    const { reflector, changes, errors } = reflect(cluster);
    reflector.subscribe(() => {
      throw new Error("a bug of the listener");
    });
    const seen: string[] = [];
    const unsubscribe = reflector.subscribe(({ object }) => seen.push(object.name));
    await cluster.watchOpened(1);
    cluster.put("a-1");
    await until(() => changes.length === 1, "the first change");
    unsubscribe();
    cluster.put("a-2");
    await until(() => changes.length === 2, "the second change");
    expect(seen).toEqual(["a-1"]);
    expect(errors.map(({ error }) => error.message)).toEqual(["a bug of the listener", "a bug of the listener"]);
  });
});

describe("a version that expired", () => {
  const ways = {
    "as the answer to the watch": async (cluster: Awaited<ReturnType<typeof scriptedCluster>>) => {
      cluster.onWatch = (_, response) => {
        cluster.onWatch = undefined;
        answer(response, 410, expired);
      };
      cluster.watches[0]?.end();
    },
    "within the stream": async (cluster: Awaited<ReturnType<typeof scriptedCluster>>) =>
      cluster.send({ type: "ERROR", object: expired }),
  };

  it.each(Object.entries(ways))("%s: lists anew and tells the differences by uid", async (_, expire) => {
    const cluster = await scriptedCluster();
    for (const name of ["same-1", "changed-1", "lost-1", "anew-1"]) cluster.put(name);
    const { reflector, changes } = reflect(cluster);
    await cluster.watchOpened(1);
    cluster.send({ type: "BOOKMARK", object: { metadata: { resourceVersion: String(cluster.version) } } });
    await until(() => reflector.stats().lastEventAgeMs < Infinity, "the bookmark");
    changes.length = 0;
    cluster.silently(() => {
      cluster.put("changed-1");
      cluster.remove("lost-1");
      cluster.remove("anew-1");
      cluster.put("anew-1", "another-uid");
    });
    await expire(cluster);
    await until(() => changes.length === 4, "all differences");
    expect(changes).toEqual([
      "deleted lost-1 uid-lost-1",
      "deleted anew-1 uid-anew-1",
      "modified changed-1 uid-changed-1",
      "added anew-1 another-uid",
    ]);
    expect(cluster.lists).toHaveLength(2);
    expect(cluster.lists[1]?.get("resourceVersion"), "not from a cache that may be older").toBeNull();
    expect(cluster.lists[1]?.get("limit")).toBe("500");
    expect(reflector.stats().relists).toBe(1);
  });

  it("lists more slowly when versions keep expiring", async () => {
    const cluster = await scriptedCluster();
    cluster.onWatch = (_, response) => answer(response, 410, expired);
    const { errors } = reflect(cluster);
    await until(() => errors.length >= 2, "two failures");
    expect(errors.slice(0, 2).map(({ delayMs }) => delayMs)).toEqual([0, 800]);
  });
});

describe("failures of the watch", () => {
  it.each([
    ["a line that is no JSON", "{garbage", "broken_answer", 400],
    ["an event of an unknown type", { type: "SURPRISE", object: { metadata: {} } }, "broken_answer", 400],
    [
      "an error",
      { type: "ERROR", object: status(500, "InternalError", "etcdserver: leader changed") },
      "storage_unsettled",
      50,
    ],
  ])("reads on from the last version after %s", async (_, line, code, delayMs) => {
    const cluster = await scriptedCluster();
    const { changes, errors } = reflect(cluster);
    await cluster.watchOpened(1);
    cluster.put("a-1");
    await until(() => changes.length === 1, "the first event");
    cluster.send(line);
    await cluster.watchOpened(2);
    expect(errors).toMatchObject([{ error: { code, class: "retry" }, delayMs }]);
    expect(cluster.watched[1]?.get("resourceVersion")).toBe("11");
    cluster.put("a-2");
    await until(() => changes.length === 2, "the next event");
    expect(cluster.lists).toHaveLength(1);
  });

  it("comes back at a Retry-After", async () => {
    const cluster = await scriptedCluster();
    cluster.onWatch = (_, response) => {
      cluster.onWatch = undefined;
      answerText(response, 429, "Too many requests", { "retry-after": "1" });
    };
    const { errors } = reflect(cluster);
    const startedAt = performance.now();
    await cluster.watchOpened(2);
    expect(errors).toMatchObject([{ error: { code: "overloaded" }, delayMs: 1000 }]);
    expect(performance.now() - startedAt).toBeGreaterThan(990);
  });

  it("does not fall into a tight loop when watches end at once", async () => {
    const cluster = await scriptedCluster();
    cluster.onWatch = (_, response) => {
      response.writeHead(200);
      response.end();
    };
    const { errors } = reflect(cluster);
    await until(() => errors.length >= 2, "two failures");
    expect(errors.slice(0, 2).map(({ delayMs }) => delayMs)).toEqual([400, 800]);
  });

  it.each(["h2", "h1", "http"] as const)(
    "notices a link over %s that died silently, and takes another connection",
    async (protocol) => {
      const cluster = await scriptedCluster({ protocol });
      const proxy = await link(cluster.server);
      const { reflector, changes, errors } = reflect(cluster, { idleMs: 300 }, proxy);
      await until(() => reflector.stats().live, "the watch is open");
      const accepted = proxy.accepted;
      proxy.freeze();
      cluster.silently(() => cluster.put("a-1"));
      cluster.onWatch = (request, response) => {
        cluster.onWatch = undefined;
        response.writeHead(200);
        response.write(`${JSON.stringify({ type: "ADDED", object: cluster.pods.get("a-1") })}\n`);
        request.on("close", () => {});
      };
      await until(() => changes.length === 1, "the event, over another connection");
      expect(errors[0]).toMatchObject({ error: { code: "watch_idle" } });
      expect(proxy.accepted).toBeGreaterThan(accepted);
    },
  );

  it("lists anew after a second silence: a server that was put back to a backup waits for a version of its future", async () => {
    const cluster = await scriptedCluster();
    for (const name of ["kept-1", "lost-1"]) cluster.put(name);
    const { reflector, changes, errors } = reflect(cluster, { idleMs: 300 });
    await cluster.watchOpened(1);
    changes.length = 0;
    cluster.silently(() => cluster.remove("lost-1"));
    cluster.version = 3;
    await cluster.watchOpened(3);
    const silence = { error: { code: "watch_idle" } };
    expect(errors).toMatchObject([silence, silence]);
    expect(changes).toEqual(["deleted lost-1 uid-lost-1"]);
    expect(cluster.watched.map((query) => query.get("resourceVersion"))).toEqual(["12", "12", "3"]);
    expect(reflector.stats().relists).toBe(1);
  });

  it("is kept alive by bookmarks alone", async () => {
    const cluster = await scriptedCluster();
    const { reflector, errors } = reflect(cluster, { idleMs: 300 });
    await until(() => reflector.stats().live, "the watch is open");
    const startedAt = performance.now();
    const bookmark = { type: "BOOKMARK", object: { metadata: { resourceVersion: "50" } } };
    const sending = setInterval(() => cluster.send(bookmark), 50);
    await until(() => performance.now() - startedAt > 900, "three times the idle time").finally(() =>
      clearInterval(sending),
    );
    expect(errors).toEqual([]);
    expect(cluster.watched).toHaveLength(1);
  });
});

describe("an outage", () => {
  it("is over within 2 s of its end, with nothing missed and no new list", async () => {
    const cluster = await scriptedCluster();
    cluster.put("a-1");
    const { reflector, changes, errors } = reflect(cluster, { random: () => 0.99 });
    await until(() => reflector.stats().live, "the watch is open");
    await cluster.server.close();
    await until(() => errors.length >= 6, "several refused connections", 15_000);
    expect(reflector.staleForMs()).toBeGreaterThan(1000);
    expect(reflector.store.size, "what was known stays known").toBe(1);

    const { authority, port } = cluster.server;
    const next = await scriptedCluster({ authority, port });
    const startedAt = performance.now();
    await next.watchOpened(1);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(next.watched[0]?.get("resourceVersion")).toBe("11");
    expect(next.lists).toEqual([]);
    await until(() => reflector.stats().live, "the watch is open again");
    expect(reflector.staleForMs()).toBe(0);
    next.put("b-1");
    await until(() => changes.includes("added b-1 uid-b-1"), "the next event");
  }, 30_000);

  it("is over at once when the server has come back without its history", async () => {
    const cluster = await scriptedCluster();
    const { reflector, changes, errors } = reflect(cluster, { random: () => 0.99 });
    await until(() => reflector.stats().live, "the watch is open");
    await cluster.server.close();
    await until(() => errors.length >= 6, "several refused connections", 15_000);
    const { authority, port } = cluster.server;
    const next = await scriptedCluster({ authority, port });
    next.put("a-1");
    next.onWatch = (_, response) => {
      next.onWatch = undefined;
      answer(response, 410, expired);
    };
    const startedAt = performance.now();
    await until(() => changes.length === 1 && reflector.stats().live, "live again, with what happened meanwhile");
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(errors.at(-1)).toMatchObject({ error: { class: "expired" }, delayMs: 0 });
  }, 30_000);

  it("waits long where asking again does not help", async () => {
    const cluster = await scriptedCluster();
    cluster.onList = (_, response) =>
      answer(response, 403, status(403, "Forbidden", 'pods is forbidden: User "x" cannot list resource "pods"'));
    const { reflector, errors } = reflect(cluster);
    await until(() => errors.length >= 2, "two refusals");
    expect(errors.slice(0, 2).map(({ delayMs }) => delayMs)).toEqual([400, 800]);
    expect(reflector.stats().live).toBe(false);
  });
});

describe("stop", () => {
  it.each(["list", "watch"] as const)("leaves no stream when it comes during the %s's connecting", async (phase) => {
    const cluster = await scriptedCluster();
    cluster[phase === "list" ? "onList" : "onWatch"] = () => {};
    const { reflector, errors } = reflect(cluster);
    await until(
      () => cluster.server.openAnswers === 1 && cluster[phase === "list" ? "lists" : "watched"].length === 1,
      phase,
    );
    await reflector.stop();
    await until(() => cluster.server.openAnswers === 0, "no stream is left");
    expect(errors).toEqual([]);
  });

  it.each(["h2", "h1"] as const)("leaves no stream of an open watch over %s", async (protocol) => {
    const cluster = await scriptedCluster({ protocol });
    const { reflector, client, errors } = reflect(cluster);
    await until(() => reflector.stats().live, "the watch is open");
    await reflector.stop();
    expect(client.stats().watchesOpen).toBe(0);
    await until(() => cluster.server.openAnswers === 0, "no stream is left");
    expect(errors).toEqual([]);
    expect(reflector.stats().live).toBe(false);
  });

  it("ends a wait between two tries, and tells those who wait for the first list", async () => {
    const cluster = await scriptedCluster();
    cluster.onList = (_, response) => answerText(response, 429, "", { "retry-after": "600" });
    const { reflector, errors } = reflect(cluster);
    await until(() => errors.length === 1, "the first refusal");
    await reflector.stop();
    expect((await failure(reflector.synced)).message).toBe("Pod: stopped before the first list");
  });
});
