import { describe, expect, test } from "vitest";
import { ask, CONFIG_MAPS, create, events, first, type Json, json, simulatorFor } from "./api.ts";

const configMap = (name: string) => ({ metadata: { name } });

const codeOf = async (answer: Promise<Response>): Promise<number> => (await answer).status;

describe("faults of the API", () => {
  test("answers the next matching calls, and no others", async () => {
    const simulator = await simulatorFor();
    const fault = simulator.faults.add({
      match: { verbs: ["create"], resources: ["configmaps"], namespace: "default" },
      times: 2,
      effect: { kind: "answer", status: 503, headers: { "retry-after": "7" }, body: { kind: "Status" } },
    });
    const one = await ask(simulator, "POST", CONFIG_MAPS, configMap("a"));
    expect([one.status, one.headers.get("retry-after")]).toEqual([503, "7"]);
    expect(await codeOf(ask(simulator, "GET", CONFIG_MAPS))).toBe(200);
    expect(await codeOf(ask(simulator, "POST", CONFIG_MAPS, configMap("a")))).toBe(503);
    expect(await codeOf(ask(simulator, "POST", CONFIG_MAPS, configMap("a")))).toBe(201);
    expect(simulator.faults.list()).toMatchObject([{ id: fault.id, hits: 2 }]);
  });

  test("applies a write and drops the reply", async () => {
    const simulator = await simulatorFor();
    simulator.faults.add({ match: { verbs: ["create"] }, effect: { kind: "drop-reply" } });
    await expect(ask(simulator, "POST", CONFIG_MAPS, configMap("a"))).rejects.toThrow();
    expect(await codeOf(ask(simulator, "GET", `${CONFIG_MAPS}/a`))).toBe(200);
    expect(simulator.audit.entries({ verb: "create" })).toMatchObject([{ status: 0 }]);
  });

  test("cuts a call before it is executed", async () => {
    const simulator = await simulatorFor();
    simulator.faults.add({ match: { verbs: ["create"] }, effect: { kind: "cut" } });
    await expect(ask(simulator, "POST", CONFIG_MAPS, configMap("a"))).rejects.toThrow();
    expect(await codeOf(ask(simulator, "GET", `${CONFIG_MAPS}/a`))).toBe(404);
  });

  test("holds calls until it is removed", async () => {
    const simulator = await simulatorFor();
    const fault = simulator.faults.add({ match: { verbs: ["create"] }, effect: { kind: "hold" } });
    const held = codeOf(ask(simulator, "POST", CONFIG_MAPS, configMap("a")));
    await expect.poll(() => simulator.faults.list()[0]?.hits).toBe(1);
    expect(await codeOf(ask(simulator, "GET", `${CONFIG_MAPS}/a`))).toBe(404);
    simulator.faults.remove(fault.id);
    expect(await held).toBe(201);
  });

  test("refuses writes beyond the limit with 429 in plain text", async () => {
    const simulator = await simulatorFor();
    simulator.faults.limitMutating(1);
    const fault = simulator.faults.add({ match: { verbs: ["create"] }, effect: { kind: "hold" } });
    const held = codeOf(ask(simulator, "POST", CONFIG_MAPS, configMap("a")));
    await expect.poll(() => simulator.faults.list()[0]?.hits).toBe(1);
    const refused = await ask(simulator, "DELETE", `${CONFIG_MAPS}/a`);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.headers.get("content-type")).toContain("text/plain");
    expect(await codeOf(ask(simulator, "GET", CONFIG_MAPS))).toBe(200);
    simulator.faults.remove(fault.id);
    expect(await held).toBe(201);
    expect(await codeOf(ask(simulator, "DELETE", `${CONFIG_MAPS}/a`))).toBe(200);
  });

  test("the control endpoint refuses what it cannot use, naming the field", async () => {
    const simulator = await simulatorFor();
    const wrong = await ask(simulator, "POST", "/simulator/faults", { effect: { kind: "answer", status: 1 } });
    expect(wrong.status).toBe(400);
    expect(((await wrong.json()) as Json).error).toContain("effect.status");
    const right = await json(ask(simulator, "POST", "/simulator/faults", { effect: { kind: "cut" } }));
    expect(await codeOf(ask(simulator, "DELETE", `/simulator/faults?id=${right.id}`))).toBe(200);
    expect(simulator.faults.list()).toEqual([]);
  });
});

describe("watches", () => {
  const watching = `${CONFIG_MAPS}?watch=true&fieldSelector=metadata.name%3Da`;

  test("can be cut", async () => {
    const simulator = await simulatorFor();
    const stream = events(simulator, watching);
    const next = stream.next();
    await expect.poll(() => simulator.watches.open).toBe(1);
    expect(simulator.watches.cut()).toBe(1);
    await expect(next).rejects.toThrow();
    await expect.poll(() => simulator.watches.open).toBe(0);
  });

  test("can be ended cleanly", async () => {
    const simulator = await simulatorFor();
    const next = events(simulator, watching).next();
    await expect.poll(() => simulator.watches.open).toBe(1);
    simulator.watches.end();
    expect((await next).done).toBe(true);
  });

  test("frozen they stay silent, thawed they bring what was held back", async () => {
    const simulator = await simulatorFor();
    const stream = events(simulator, watching);
    const next = stream.next();
    await expect.poll(() => simulator.watches.open).toBe(1);
    simulator.watches.freeze();
    await create(simulator, CONFIG_MAPS, configMap("a"));
    const silent = Symbol("silent");
    const quick = await Promise.race([next, json(ask(simulator, "GET", CONFIG_MAPS)).then(() => silent)]);
    expect(quick).toBe(silent);
    simulator.watches.thaw();
    expect((await next).value).toMatchObject({ type: "ADDED", object: { metadata: { name: "a" } } });
    await stream.return(undefined);
  });

  test("from before the kept window they get 410 in the stream", async () => {
    const simulator = await simulatorFor();
    const { metadata } = await create(simulator, CONFIG_MAPS, configMap("a"));
    await create(simulator, CONFIG_MAPS, configMap("b"));
    simulator.expireWatchWindow();
    const from = `${CONFIG_MAPS}?watch=true&resourceVersion=${metadata.resourceVersion}`;
    const seen: Json[] = [];
    for await (const event of events(simulator, from)) seen.push(event);
    expect(seen).toMatchObject([{ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } }]);
    expect(seen[0].object.message).toMatch(/^too old resource version: \d+ \(\d+\)$/);
    const list = await json(ask(simulator, "GET", CONFIG_MAPS));
    const now = `${CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion=${list.metadata.resourceVersion}`;
    for await (const event of events(simulator, now)) expect(event.type).not.toBe("ERROR");
  });

  test("an old page of a list is 410", async () => {
    const simulator = await simulatorFor();
    await create(simulator, CONFIG_MAPS, configMap("a"));
    const page = await json(ask(simulator, "GET", `${CONFIG_MAPS}?limit=1`));
    await create(simulator, CONFIG_MAPS, configMap("b"));
    simulator.expireWatchWindow();
    const next = await ask(simulator, "GET", `${CONFIG_MAPS}?limit=1&continue=${page.metadata.continue}`);
    expect(next.status).toBe(410);
    expect(((await next.json()) as Json).reason).toBe("Expired");
  });

  test("bookmarks tell the revision to those who ask", async () => {
    const simulator = await simulatorFor({ bookmarkMs: 20 });
    const stream = events(simulator, `${watching}&allowWatchBookmarks=true`);
    const { value } = await stream.next();
    expect(value.type).toBe("BOOKMARK");
    expect(Number(value.object.metadata.resourceVersion)).toBeGreaterThan(0);
    await stream.return(undefined);
  });

  test("a window of few changes forgets the oldest by itself", async () => {
    const simulator = await simulatorFor({ watchWindow: 5, controllers: false });
    const { metadata } = await create(simulator, CONFIG_MAPS, configMap("a"));
    for (let index = 0; index < 20; index += 1) await create(simulator, CONFIG_MAPS, configMap(`b${index}`));
    const from = `${CONFIG_MAPS}?watch=true&resourceVersion=${metadata.resourceVersion}`;
    expect((await events(simulator, from).next()).value).toMatchObject({ type: "ERROR", object: { code: 410 } });
    await first(simulator, CONFIG_MAPS, (each) => each.metadata.name === "b19");
  });
});
