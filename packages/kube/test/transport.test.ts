import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { CallRecord } from "../src/client-types.ts";
import { KubeError } from "../src/errors/kube-error.ts";
import { KINDS } from "../src/kinds.ts";
import type { KubeObject } from "../src/kube-object.ts";
import { refOf } from "../src/subject.ts";
import { answer, answerText, type Response, type Script, status } from "./support/api-server.ts";
import { clientFor, link, serve } from "./support/cleanup.ts";
import { eventually, failure } from "./support/wait.ts";

const configMap = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
});

const echo: Script = (request, response) => answer(response, 201, JSON.parse(request.text || "{}"));

const createMany = (client: ReturnType<typeof clientFor>, count: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => client.create(configMap(`c${index}`))));

describe("connections", () => {
  it("sends 300 parallel writes over one HTTP/2 connection", async () => {
    const server = await serve(echo);
    const client = clientFor(server);
    await createMany(client, 300);
    expect(server.requests).toHaveLength(300);
    expect(server.accepted).toBe(1);
    expect(client.stats()).toMatchObject({ connectionsOpened: 1, connectionsOpen: 1, writesInFlight: 0 });
  });

  it("stays within 4 connections where the server allows few streams", async () => {
    const server = await serve(echo, { maxConcurrentStreams: 10 });
    await createMany(clientFor(server), 300);
    expect(server.accepted).toBeLessThanOrEqual(4);
  });

  it.each(["h1", "http"] as const)(
    "falls back to at most 16 kept-alive HTTP/1.1 connections over %s",
    async (protocol) => {
      const server = await serve(echo, { protocol });
      const client = clientFor(server);
      await createMany(client, 300);
      await createMany(client, 100);
      expect(server.accepted).toBeGreaterThan(1);
      expect(server.accepted).toBeLessThanOrEqual(16);
    },
  );

  it("keeps watches off the connection of the calls", async () => {
    const server = await serve((request, response) => {
      if (!request.url?.includes("watch=true")) return echo(request, response);
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1"}}}\n');
    });
    const client = clientFor(server);
    await createMany(client, 10);
    for await (const _ of client.watch(KINDS.Pod)) break;
    expect(server.accepted).toBe(2);
  });
});

describe("the lines of a watch", () => {
  const event = (name: string) => ({ type: "ADDED", object: { metadata: { name } } });
  const namesOf = async (parts: readonly Uint8Array[]) => {
    const writeAll = async (response: Response) => {
      response.writeHead(200, { "content-type": "application/json" });
      for (const part of parts) {
        response.write(part);
        await delay(5);
      }
      response.end();
    };
    const server = await serve((_, response) => void writeAll(response));
    const client = clientFor(server);
    const names: string[] = [];
    for await (const { object } of client.watch(KINDS.Pod)) {
      expect(client.stats().watchesOpen).toBe(1);
      names.push(object.metadata.name);
    }
    expect(client.stats().watchesOpen).toBe(0);
    return names;
  };

  it("may come in any parts, even within a character, and the last one without its end", async () => {
    const text = Buffer.from(["é🚀", "b", "c"].map((name) => JSON.stringify(event(name))).join("\n\n"));
    expect(await namesOf(Array.from(text, (_, index) => text.subarray(index, index + 1)))).toEqual(["é🚀", "b", "c"]);
    expect(await namesOf([text])).toEqual(["é🚀", "b", "c"]);
  });

  it("may be long", async () => {
    const name = "x".repeat(1_000_000);
    expect(await namesOf([Buffer.from(`${JSON.stringify(event(name))}\n`)])).toEqual([name]);
  });
});

describe("limits", () => {
  it("never has more writes in flight than allowed, and reads are not held up by them", async () => {
    const held: Response[] = [];
    const server = await serve((request, response) => {
      if (request.method === "GET") return answer(response, 200, {});
      held.push(response);
    });
    const client = clientFor(server, { maxWrites: 3 });
    const writes = createMany(client, 7);
    await eventually(() => held.length === 3, "three writes arrived");
    expect(client.stats()).toMatchObject({ writesInFlight: 3, writesWaiting: 4 });
    await client.get(refOf(configMap("read")));
    for (let done = 0; done < 7; done++) {
      await eventually(() => held.length > done, `write ${done} arrived`);
      expect(client.stats().writesInFlight).toBeLessThanOrEqual(3);
      answer(held[done] as Response, 201, {});
    }
    await writes;
  });

  it("lets a write leave the queue when it is aborted, without ever sending it", async () => {
    const held: Response[] = [];
    const server = await serve((_, response) => void held.push(response));
    const client = clientFor(server, { maxWrites: 1 });
    const first = client.create(configMap("first"));
    await eventually(() => held.length === 1, "the first write arrived");
    const aborting = new AbortController();
    const second = failure(client.create(configMap("second"), { signal: aborting.signal }));
    aborting.abort(new Error("not any more"));
    expect(await second).toMatchObject({ message: "not any more" });
    answer(held[0] as Response, 201, {});
    await first;
    expect(server.requests).toHaveLength(1);
  });
});

describe("calls that fail on the way", () => {
  const error = (promise: Promise<unknown>) => failure<KubeError>(promise);

  it("knows that nothing was sent when nobody listens", async () => {
    const server = await serve(echo);
    await server.close();
    const found = await error(clientFor(server).create(configMap("a")));
    expect(found).toMatchObject({ class: "retry", code: "connection_refused", sent: "no" });
  });

  it.each(["h2", "h1", "http"] as const)(
    "gives up after its time over %s, and the outcome is unknown",
    async (protocol) => {
      const server = await serve(() => {}, { protocol });
      const found = await error(clientFor(server, { timeoutMs: 150 }).create(configMap("a")));
      expect(found).toMatchObject({ class: "outcome_unknown", code: "call_timeout", sent: "unknown" });
      await eventually(() => server.openAnswers === 0, "the stream is closed");
    },
  );

  it("bounds an answer that drips for ever", async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const dripping = setInterval(() => response.write(" "), 10);
      response.once("close", () => clearInterval(dripping));
    });
    const found = await error(clientFor(server, { timeoutMs: 200 }).get(refOf(configMap("a"))));
    expect(found).toMatchObject({ class: "retry", code: "broken_answer", status: 200 });
  });

  it("leaves a connection that has died silently", async () => {
    const server = await serve(echo);
    const proxy = await link(server);
    const client = clientFor(proxy, { timeoutMs: 1500 });
    await client.create(configMap("a"));
    proxy.freeze();
    expect((await error(client.create(configMap("b")))).code).toBe("call_timeout");
    await client.create(configMap("c"));
    expect(proxy.accepted).toBe(2);
  });

  it.each(["h2", "h1"] as const)(
    "does not know the outcome of a write whose connection breaks over %s",
    async (protocol) => {
      const server = await serve((request) => void request.socket?.destroy(), { protocol });
      const client = clientFor(server);
      const found = await error(client.create(configMap("a")));
      expect(found).toMatchObject({ class: "outcome_unknown", code: "connection_lost", sent: "unknown" });
      expect(server.requests, "not sent a second time behind our back").toHaveLength(1);
      expect((await error(client.get(refOf(configMap("a"))))).class).toBe("retry");
    },
  );

  it("takes a reset stream for an unknown outcome, and REFUSED_STREAM for one not executed", async () => {
    const codes = { internal: 2, refused: 7 };
    let code = codes.internal;
    const server = await serve((_, response) => response.stream?.close(code));
    const client = clientFor(server);
    expect(await error(client.create(configMap("a")))).toMatchObject({ class: "outcome_unknown", sent: "unknown" });
    code = codes.refused;
    expect(await error(client.create(configMap("a")))).toMatchObject({ class: "retry", sent: "no" });
  });

  it("gets over a GOAWAY that did not take the request in", async () => {
    let sessions = 0;
    const server = await serve(echo, { onSession: (session) => sessions++ === 0 && session.goaway() });
    await clientFor(server).create(configMap("a"));
    expect(server.accepted).toBe(2);
  });

  it("knows a request that GOAWAY turned away again and again for one not executed", async () => {
    const server = await serve(echo, { onSession: (session) => session.goaway() });
    const found = await error(clientFor(server).create(configMap("a")));
    expect(found).toMatchObject({ class: "retry", code: "unreachable", sent: "no" });
  });

  it("lets a request finish that a GOAWAY did take in, and goes elsewhere with the next", async () => {
    const held: Response[] = [];
    const server = await serve((_, response) => void held.push(response));
    const client = clientFor(server);
    const first = client.create(configMap("a"));
    await eventually(() => held.length === 1, "the first write arrived");
    held[0]?.stream?.session?.goaway();
    await eventually(() => client.stats().connectionsOpen === 0, "the GOAWAY arrived");
    const second = client.create(configMap("b"));
    await eventually(() => held.length === 2, "the second write arrived");
    for (const response of held) answer(response, 201, {});
    await Promise.all([first, second]);
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [
      "cut short",
      "h1",
      (response: Response) => {
        response.writeHead(201, { "content-type": "application/json", "content-length": "100" });
        response.write('{"half":');
        setImmediate(() => response.socket?.destroy());
      },
    ],
    [
      "cut short",
      "h2",
      (response: Response) => {
        response.writeHead(201, { "content-type": "application/json" });
        response.write('{"half":');
        setImmediate(() => response.stream?.close(2));
      },
    ],
    ["not JSON", "h2", (response: Response) => answerText(response, 200, "<html>login</html>")],
    ["empty", "h2", (response: Response) => answerText(response, 200, "")],
    ["no object", "h2", (response: Response) => answer(response, 200, 7)],
  ] as const)("tells a success that is %s over %s from a success", async (_, protocol, script) => {
    const server = await serve((_request, response) => script(response), { protocol });
    const found = await error(clientFor(server).create(configMap("a")));
    expect(found).toMatchObject({ class: "outcome_unknown", code: "broken_answer", sent: "yes" });
  });

  it("ends at once when its signal does, with the signal's reason, and leaves no stream", async () => {
    const server = await serve(() => {});
    const client = clientFor(server);
    const aborting = new AbortController();
    const call = failure(client.get(refOf(configMap("a")), { signal: aborting.signal }));
    await eventually(() => server.openAnswers === 1, "the read arrived");
    const reason = new Error("the user changed his mind");
    aborting.abort(reason);
    expect(await call).toBe(reason);
    await eventually(() => server.openAnswers === 0, "the stream is closed");
    expect(client.stats().readsInFlight).toBe(0);
  });

  it("fails everything under way when the client is closed, and everything after", async () => {
    const server = await serve(() => {});
    const client = clientFor(server);
    const call = error(client.create(configMap("a")));
    await eventually(() => server.openAnswers === 1, "the write arrived");
    await client.close();
    expect((await call).code).toBe("client_closed");
    expect((await error(client.create(configMap("b")))).code).toBe("client_closed");
    await eventually(() => server.sockets.size === 0, "the connection is closed");
  });
});

describe("answers", () => {
  it("understands a 429 in text/plain", async () => {
    const server = await serve((_, response) => answerText(response, 429, "Too many requests", { "retry-after": "3" }));
    const found = await failure<KubeError>(clientFor(server).create(configMap("a")));
    expect(found).toMatchObject({ class: "retry_after", retryAfterMs: 3000, contentType: "text/plain" });
  });

  it("records each call with its time, its outcome and the server's warnings", async () => {
    const records: CallRecord[] = [];
    const server = await serve((request, response) => {
      if (request.method === "GET") return answer(response, 404, status(404, "NotFound", "not found", { name: "a" }));
      answer(response, 201, {}, { warning: '299 - "unknown field \\"dta\\"", 299 - "deprecated, soon gone"' });
    });
    const client = clientFor(server, { onCall: (record) => records.push(record) });
    await client.create(configMap("a"));
    await failure(client.get(refOf(configMap("a"))));
    expect(records).toMatchObject([
      { verb: "create", resource: "configmaps", status: 201, class: "ok", sent: "yes" },
      { verb: "get", resource: "configmaps", status: 404, class: "gone", code: "not_found", sent: "yes" },
    ]);
    expect(records[0]?.warnings).toEqual(['unknown field "dta"', "deprecated, soon gone"]);
    expect(records[0]?.durationMs).toBeGreaterThan(0);
  });

  it("never shows the token in an error", async () => {
    const server = await serve((_, response) => answer(response, 500, status(500, "InternalError", "oops")));
    const found = await failure<KubeError>(clientFor(server).create(configMap("a")));
    expect(JSON.stringify(found) + found.message + found.stack).not.toContain("secret-token");
    expect(server.requests[0]?.headers["authorization"]).toBe("Bearer secret-token");
    expect(found).toBeInstanceOf(KubeError);
  });
});
