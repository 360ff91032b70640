import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { KubeClientOptions } from "../../src/client.ts";
import { createKubeClient } from "../../src/client.ts";
import type { TlsMaterial } from "../../src/credentials/credentials-types.ts";
import { type ApiServer, type Script, startApiServer } from "./api-server.ts";
import { type LinkProxy, startProxy } from "./proxy.ts";

const endings: (() => Promise<unknown>)[] = [];

/** Runs after the test, last registered first. */
export function after(ending: () => Promise<unknown>): void {
  endings.push(ending);
}

afterEach(async () => {
  for (const ending of endings.splice(0).reverse()) await ending();
});

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kube-test-"));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A server that goes with the test. */
export async function serve(script: Script, options: Parameters<typeof startApiServer>[1] = {}): Promise<ApiServer> {
  const server = await startApiServer(script, options);
  after(() => server.close());
  return server;
}

/** A proxy in front of a server; goes with the test. `url` is the way through it. */
export async function link(server: ApiServer): Promise<LinkProxy & Pick<ApiServer, "url" | "authority">> {
  const proxy = await startProxy(server.port);
  after(() => proxy.close());
  const url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
  return Object.assign(proxy, { url, authority: server.authority });
}

/** A client for a test server, with fixed credentials; goes with the test. */
export function clientFor(server: Pick<ApiServer, "url" | "authority">, options: Partial<KubeClientOptions> = {}) {
  const tls: TlsMaterial = server.url.startsWith("https") ? { ca: server.authority.ca } : {};
  const access = { headers: { authorization: "Bearer secret-token" }, tls, tlsRevision: 1 };
  const credentials = { server: server.url, access: async () => access, reload: async () => access };
  const client = createKubeClient({ credentials, fieldManager: "test", ...options });
  after(() => client.close());
  return client;
}
