import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type HttpFaults, type HttpOutcome, startHttpFaults, waitFor } from "../src/index.ts";

/** What the target has executed. */
const executed: string[] = [];
/** What a read of /state is answered. */
let state: readonly [status: number, text: string] = [404, "none"];
const watchers = new Set<(line: string) => void>();
const target = createServer((request, response) => {
  executed.push(`${request.method} ${request.url}`);
  if (request.url === "/state") return void response.writeHead(state[0]).end(state[1]);
  if (!request.url?.includes("watch=true")) return void response.writeHead(201, { "x-from": "target" }).end("done");
  response.writeHead(200).flushHeaders();
  const tell = (line: string) => response.write(`${line}\n`);
  watchers.add(tell);
  response.on("close", () => watchers.delete(tell));
});
target.listen(0, "127.0.0.1");
await once(target, "listening");

describe("an HTTP fault layer", () => {
  let layer: HttpFaults;
  const outcomes: (HttpOutcome & { what: string })[] = [];

  beforeEach(async () => {
    await layer?.stop();
    executed.length = 0;
    outcomes.length = 0;
    layer = await startHttpFaults({
      target: `http://127.0.0.1:${(target.address() as AddressInfo).port}`,
      onCall: ({ method, path }, outcome) => outcomes.push({ ...outcome, what: `${method} ${path}` }),
    });
  });
  afterAll(async () => {
    await layer.stop();
    target.closeAllConnections();
    target.close();
  });

  const post = (path: string) => fetch(layer.url + path, { method: "POST", body: "{}" });

  test("passes everything on while nothing is judged", async () => {
    const answer = await post("/a");
    expect([answer.status, answer.headers.get("x-from"), await answer.text()]).toEqual([201, "target", "done"]);
    expect(outcomes).toMatchObject([{ what: "POST /a", status: 201, answered: true }]);
  });

  test("answers in the target's place", async () => {
    layer.judge(() => ({ kind: "answer", status: 429, headers: { "retry-after": "2" }, body: "slow down\n" }));
    const answer = await post("/a");
    expect([answer.status, answer.headers.get("retry-after"), await answer.text()]).toEqual([429, "2", "slow down\n"]);
    expect(executed).toEqual([]);
  });

  test("loses the reply of what was executed, and tells in between", async () => {
    const seen: string[][] = [];
    layer.judge(() => ({ kind: "lose-reply", executed: () => seen.push([...executed]) }));
    await expect(post("/a")).rejects.toThrow();
    expect(seen).toEqual([["POST /a"]]);
    expect(outcomes).toMatchObject([{ status: 201, answered: false }]);
  });

  test("cuts before anything is executed", async () => {
    layer.judge(({ path }) => (path === "/a" ? { kind: "cut" } : undefined));
    await expect(post("/a")).rejects.toThrow();
    expect((await post("/b")).status).toBe(201);
    expect(executed).toEqual(["POST /b"]);
  });

  describe("replays old reads", () => {
    const read = async () => {
      const answer = await fetch(`${layer.url}/state`);
      return [answer.status, await answer.text()];
    };
    /** Reads the state after each of three changes. */
    const readThree = async () => {
      for (const next of [
        [404, "none"],
        [200, "one"],
        [200, "two"],
      ] as const) {
        state = next;
        await read();
      }
    };

    test("the newest earlier one, or the newest before a call", async () => {
      await readThree();
      state = [200, "three"];
      layer.judge(() => ({ kind: "replay" }));
      expect([await read(), await read()]).toEqual([
        [200, "two"],
        [200, "two"],
      ]);
      layer.judge(() => ({ kind: "replay", before: 2 }));
      expect(await read()).toEqual([404, "none"]);
      expect(executed).toHaveLength(3);
      expect(outcomes.at(-1)).toMatchObject({ what: "GET /state", status: 404, answered: true });
      layer.judge(() => ({ kind: "replay", before: 3, after: 1 }));
      expect(await read()).toEqual([200, "one"]);
      layer.judge(() => ({ kind: "replay", after: layer.calls }));
      expect(await read()).toEqual([200, "three"]);
      await layer.heal();
      expect(await read()).toEqual([200, "three"]);
    });

    test("but no failure, no write, and nothing where nothing was read", async () => {
      layer.judge(() => ({ kind: "replay" }));
      state = [500, "broken"];
      expect(await read()).toEqual([500, "broken"]);
      state = [200, "one"];
      expect(await read()).toEqual([200, "one"]);
      expect((await post("/state")).status).toBe(200);
      expect(executed).toEqual(["GET /state", "GET /state", "POST /state"]);
    });

    test("not an open watch", async () => {
      await fetch(`${layer.url}/w?watch=true`, { signal: AbortSignal.timeout(5_000) }).then(({ body }) =>
        body?.cancel(),
      );
      layer.judge(() => ({ kind: "replay" }));
      const watch = await fetch(`${layer.url}/w?watch=true`);
      expect(layer.watches).toBeGreaterThan(0);
      await watch.body?.cancel();
    });
  });

  test("holds a request until it is healed", async () => {
    const judged = Promise.withResolvers<void>();
    layer.judge(() => {
      judged.resolve();
      return { kind: "hold" };
    });
    const answer = post("/a");
    await judged.promise;
    expect(executed).toEqual([]);
    await layer.heal();
    expect((await answer).status).toBe(201);
  });

  test("refuses connections, and listens on its port again", async () => {
    const { url } = layer;
    await post("/a");
    layer.refuse();
    await expect(post("/a")).rejects.toThrow();
    await layer.heal();
    expect(layer.url).toBe(url);
    expect((await post("/a")).status).toBe(201);
  });

  test("freezes watches, delivers what was missed, and ends them", async () => {
    const watch = await fetch(`${layer.url}/w?watch=true`);
    const lines: string[] = [];
    const over = (async () => {
      for await (const chunk of watch.body!) lines.push(Buffer.from(chunk).toString());
    })();
    const tell = (line: string) => watchers.forEach((one) => void one(line));
    tell("one");
    await waitFor(() => lines.join("").includes("one"), { what: "the first line" });
    layer.freezeWatches();
    tell("two");
    expect((await post("/marker")).status).toBe(201); // Later than the line, on the same loop.
    expect(lines.join("")).toBe("one\n");
    await layer.heal();
    await waitFor(() => lines.join("") === "one\ntwo\n", { what: "what was missed" });
    layer.cutWatches();
    await over;
    await waitFor(() => layer.watches === 0, { what: "the watch to be gone" });
  });
});
