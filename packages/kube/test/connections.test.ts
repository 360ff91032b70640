import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, it } from "vitest";
import { createKubeClient } from "../src/client.ts";
import { KINDS } from "../src/kinds.ts";
import { createReflector } from "../src/watch/reflector.ts";
import { answer } from "./support/api-server.ts";
import { after, serve } from "./support/cleanup.ts";
import { reflect, scriptedCluster } from "./support/scripted-cluster.ts";
import { eventually } from "./support/wait.ts";

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

it("goes through a proxy where the kubeconfig names one", async () => {
  const server = await serve((_, response) => answer(response, 200, { gitVersion: "v1" }));
  const tunnels: string[] = [];
  const proxy = createServer().on("connect", (request, socket) => {
    tunnels.push(request.url ?? "");
    const outer = connect(server.port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      outer.pipe(socket).pipe(outer);
    });
    for (const end of [outer, socket]) end.on("error", () => {});
    socket.on("close", () => outer.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  after(() => new Promise((resolve) => proxy.close(resolve)));
  const access = { headers: {}, tls: { ca: server.authority.ca }, tlsRevision: 1 };
  const client = createKubeClient({
    fieldManager: "test",
    credentials: {
      server: server.url,
      proxyUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      access: async () => access,
      reload: async () => access,
    },
  });
  after(() => client.close());
  expect(await client.serverVersion()).toEqual({ gitVersion: "v1" });
  expect(tunnels).toEqual([`127.0.0.1:${server.port}`]);
});
