import { describe, expect, it } from "vitest";
import { KINDS } from "../src/kinds.ts";
import { createReflector } from "../src/watch/reflector.ts";
import { type ApiServer, answer, type Response } from "./support/api-server.ts";
import { after, clientFor, serve } from "./support/cleanup.ts";
import { reflect, scriptedCluster } from "./support/scripted-cluster.ts";
import { serveTunnels, type TunnelProxy } from "./support/tunnel-proxy.ts";
import { eventually, failure } from "./support/wait.ts";

it("makes 100 starts under two watches over 3 connections, with 300 writes, 2 lists and 2 watches", async () => {
  const cluster = await scriptedCluster();
  const scriptedAnswer = cluster.server.script;
  cluster.server.script = (request, response) => {
    if (request.method === "GET") return scriptedAnswer(request, response);
    answer(response, 201, JSON.parse(request.text));
  };
  const { reflector, client } = reflect(cluster);
  const second = createReflector({ client, kind: KINDS.Deployment, keep: () => true });
  after(() => second.stop());
  second.start();
  await Promise.all([reflector.synced, second.synced]);
  const starts = Array.from({ length: 100 }, (_, index) =>
    Promise.all(
      ["a", "b", "c"].map((part) =>
        client.create({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: `${part}${index}`, namespace: "n" },
        }),
      ),
    ),
  );
  await Promise.all(starts);
  await eventually(() => reflector.stats().live && second.stats().live, "both watches are open");
  const methods = cluster.server.requests.map(({ method }) => method);
  expect(methods.filter((method) => method === "POST")).toHaveLength(300);
  expect(methods.filter((method) => method === "GET")).toHaveLength(4);
  expect(cluster.server.accepted).toBe(3);
});

describe("through the proxy that a kubeconfig names", () => {
  function clientThrough(proxy: TunnelProxy, server: ApiServer) {
    const access = { headers: {}, tls: { ca: server.authority.ca }, tlsRevision: 1 };
    const credentials = {
      server: server.url,
      proxyUrl: proxy.url,
      access: async () => access,
      reload: async () => access,
    };
    return clientFor(server, { credentials });
  }
  const version = () => serve((_, response) => answer(response, 200, { gitVersion: "v1" }));

  it("each connection is a tunnel, and is counted", async () => {
    const server = await version();
    const proxy = await serveTunnels();
    const client = clientThrough(proxy, server);
    expect(await client.serverVersion()).toEqual({ gitVersion: "v1" });
    expect(proxy.tunnels).toEqual([`127.0.0.1:${server.port}`]);
    expect(client.stats()).toMatchObject({ connectionsOpened: 1, connectionsOpen: 1 });
  });

  it("a call fails within seconds while it does not answer, and the next works when it does", {
    timeout: 20_000,
  }, async () => {
    const server = await version();
    const proxy = await serveTunnels();
    proxy.silent = true;
    const client = clientThrough(proxy, server);
    const started = performance.now();
    expect(await failure(client.serverVersion())).toMatchObject({ class: "retry", code: "unreachable", sent: "no" });
    expect(performance.now() - started).toBeLessThan(8_000);
    proxy.silent = false;
    expect(await client.serverVersion()).toEqual({ gitVersion: "v1" });
  });

  it("after a GOAWAY the next call goes elsewhere, and what was taken in may finish", async () => {
    const held: Response[] = [];
    const server = await serve((_, response) => void held.push(response));
    const client = clientThrough(await serveTunnels(), server);
    const first = client.serverVersion();
    await eventually(() => held.length === 1, "the first call arrived");
    held[0]?.stream?.session?.goaway();
    await eventually(() => client.stats().connectionsOpen === 0, "the GOAWAY arrived");
    const second = client.serverVersion();
    await eventually(() => held.length === 2, "the second call arrived");
    for (const response of held) answer(response, 200, {});
    await Promise.all([first, second]);
  });

  it("a watch that is stopped while it waits for its tunnel ends at once", async () => {
    const proxy = await serveTunnels();
    proxy.silent = true;
    const client = clientThrough(proxy, await version());
    const stopping = new AbortController();
    const ended = failure(client.watch(KINDS.Pod, { signal: stopping.signal })[Symbol.asyncIterator]().next());
    await eventually(() => proxy.tunnels.length === 1, "the proxy was asked");
    const stopped = performance.now();
    stopping.abort(new Error("stopped"));
    expect((await ended).message).toBe("stopped");
    expect(performance.now() - stopped).toBeLessThan(1_000);
  });
});
