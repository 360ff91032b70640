import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { JobChange } from "@repl/contract";
import type { KubeClient } from "@repl/kube";
import { describe, expect, test } from "vitest";
import type { Manifest } from "../src/render/stamp.ts";
import { waitUntilAnswering } from "../src/wait/wait-until-answering.ts";

const INGRESS = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "r1", labels: {}, annotations: {} },
  spec: { rules: [{ host: "r1.example.com", http: { paths: [{ path: "/" }] } }] },
} satisfies Manifest;

/** Where only addresses are looked at, nothing is asked of the cluster. */
const NO_CLIENT = {} as KubeClient;
const MEGABYTE = "a".repeat(1024 * 1024);

/** Stands for the ingress controller with the workspace behind it. */
async function controller(answer: RequestListener) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function look(ingressAddress: string, deadlineMs: number): Promise<JobChange[]> {
  const reports: JobChange[] = [];
  const attempt = {
    signal: new AbortController().signal,
    guard: async () => {},
    report: async (change: JobChange) => void reports.push(change),
  };
  await waitUntilAnswering([INGRESS], NO_CLIENT, attempt, { check: "url", ingressAddress, deadlineMs });
  return reports;
}

/** Sends for as long as somebody reads, and says how much that was. */
function flood(response: ServerResponse, beginning: string): () => number {
  let sent = 0;
  const more = () => {
    while (!response.destroyed && response.write(MEGABYTE)) sent += MEGABYTE.length;
    sent += MEGABYTE.length;
  };
  response.on("drain", more);
  response.write(beginning, more);
  return () => sent;
}

describe("READY_CHECK=url", () => {
  test("an answer whose body never ends is an answer", async () => {
    await using server = await controller((_request, response) => void response.write("tick\n"));
    expect(await look(server.address, 5_000)).toEqual([]);
  });

  test.each([
    ["of a page", 200, "<html>", []],
    ["that begins like a controller's own 404", 404, "404 page not found\n", []],
  ])("a body without bounds, %s, is not read to its end", async (_name, status, beginning, reports) => {
    let sent = () => 0;
    await using server = await controller((_request, response) => {
      response.statusCode = status;
      sent = flood(response, beginning);
    });
    expect(await look(server.address, 5_000)).toEqual(reports);
    // What the sockets of both sides hold on the way, and no more.
    expect(sent()).toBeLessThan(32 * MEGABYTE.length);
  });

  test("a controller's own 404 and a redirect: the first is waited out, the second is not followed", async () => {
    const asked: string[] = [];
    await using server = await controller((request, response) => {
      asked.push(`${request.headers.host}${request.url}`);
      if (asked.length < 3) response.writeHead(404).end("404 page not found\n");
      else response.writeHead(302, { location: "/elsewhere" }).end();
    });
    expect(await look(server.address, 10_000)).toMatchObject([{ phase: "answering" }]);
    expect(asked).toEqual(Array(3).fill("r1.example.com/"));
  });

  test("an address that stays silent fails the start", async () => {
    await using server = await controller((_request, response) => void response.writeHead(503).end());
    await expect(look(server.address, 100)).rejects.toMatchObject({
      code: "address_silent",
      details: { seen: "it answers 503" },
    });
  });
});
