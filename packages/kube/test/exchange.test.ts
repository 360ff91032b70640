import { expect, it } from "vitest";
import { createConnections } from "../src/transport/connections.ts";
import { exchange } from "../src/transport/exchange.ts";
import { answer } from "./support/api-server.ts";
import { after, serve } from "./support/cleanup.ts";

it.each(["h2", "h1"] as const)(
  "awaits a request with a body over %s although its signal says stop",
  async (protocol) => {
    const server = await serve((_request, response) => answer(response, 201, {}), { protocol });
    const access = { headers: {}, tls: { ca: server.authority.ca }, tlsRevision: 1 };
    const connections = createConnections({
      server: server.url,
      access: async () => access,
      reload: async () => access,
    });
    after(() => connections.close());
    const request = {
      origin: server.url,
      path: "/",
      headers: {},
      timeoutMs: 5_000,
      method: "POST",
      body: "{}",
    } as const;
    const send = (signal?: AbortSignal) => exchange(connections.calls(access), { ...request, signal });
    await send();

    // Interrupted in the very turn in which it was sent, it kept node:http2 busy for ever.
    const aborting = new AbortController();
    const call = send(aborting.signal);
    aborting.abort(new Error("not any more"));
    expect((await call).status).toBe(201);

    await expect(send(aborting.signal)).rejects.toThrow("not any more");
    expect((await send()).status).toBe(201);
  },
);
