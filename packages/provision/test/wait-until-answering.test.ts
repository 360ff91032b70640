import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { JobChange } from "@repl/contract";
import { createKubeClient, loadCredentials } from "@repl/kube";
import { expect, test } from "vitest";
import type { Attempt } from "../src/attempt.ts";
import type { Manifest } from "../src/render/stamp.ts";
import { type AnsweringOptions, waitUntilAnswering } from "../src/wait/wait-until-answering.ts";

const SERVICE: Manifest = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "repl123", namespace: "repls", labels: {}, annotations: {} },
};
const READY = { items: [{ endpoints: [{ conditions: { ready: true } }] }] };
const NOT_READY = { items: [{ endpoints: [{ conditions: { ready: false } }] }] };
const AWAY = { status: 503, body: { kind: "Status", code: 503, reason: "ServiceUnavailable", message: "away" } };
const FORBIDDEN = {
  status: 403,
  body: {
    kind: "Status",
    code: 403,
    reason: "Forbidden",
    message: 'User "worker" cannot list resource "endpointslices"',
  },
};

/** An API server that gives these answers one after the other, the last of them from then on. */
async function serving(answers: readonly { readonly status?: number; readonly body: object }[]) {
  let asked = 0;
  const server = createServer((_request, response) => {
    const { status = 200, body } = answers[Math.min(asked++, answers.length - 1)] ?? AWAY;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const credentials = await loadCredentials({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  const client = createKubeClient({ credentials, fieldManager: "test" });
  const messages: (string | undefined)[] = [];
  const attempt: Attempt = {
    signal: new AbortController().signal,
    guard: async () => {},
    report: async ({ message }: JobChange) => void messages.push(message),
  };
  const options: AnsweringOptions = { check: "service", ingressAddress: undefined, deadlineMs: 20_000 };
  return {
    messages,
    wait: (change: Partial<AnsweringOptions> = {}) =>
      waitUntilAnswering([SERVICE], client, attempt, { ...options, ...change }),
    async [Symbol.asyncDispose]() {
      await client.close();
      server.close();
    },
  };
}

test("waits until the Service has an endpoint that is ready, and says so", async () => {
  await using api = await serving([{ body: NOT_READY }, { body: NOT_READY }, { body: READY }]);
  await api.wait();
  expect(api.messages).toEqual(["Waiting for the Service repl123 to answer."]);
});

test("an API server that is away for a moment fails nothing", async () => {
  await using api = await serving([AWAY, { body: NOT_READY }, AWAY, AWAY, { body: READY }]);
  await api.wait();
});

test("an API server that stays away is told as such, not as a silent address", async () => {
  await using api = await serving([AWAY]);
  await expect(api.wait({ deadlineMs: 300 })).rejects.toMatchObject({ code: "cluster_unavailable" });
});

test("a missing permission is the operator's to mend, and named", async () => {
  await using api = await serving([FORBIDDEN]);
  await expect(api.wait({ deadlineMs: 300 })).rejects.toMatchObject({
    code: "cluster_forbidden",
    message: expect.stringContaining("endpointslices"),
  });
});

test("a Service without an endpoint is silent at the deadline", async () => {
  await using api = await serving([{ body: { items: [] } }]);
  await expect(api.wait({ deadlineMs: 300 })).rejects.toMatchObject({
    code: "address_silent",
    details: { address: "the Service repl123", seen: "no endpoint is ready" },
  });
});
