import { describe, expect, it } from "vitest";
import type { KubeError } from "../src/errors/kube-error.ts";
import { KINDS } from "../src/kinds.ts";
import type { KubeObject } from "../src/kube-object.ts";
import { refOf, resourcePath } from "../src/subject.ts";
import { answer, answerText, status } from "./support/api-server.ts";
import { clientFor, serve } from "./support/cleanup.ts";
import { failure } from "./support/wait.ts";

const service: KubeObject = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "a", namespace: "n", resourceVersion: "7" },
  spec: { unheardOf: true },
};
const ref = refOf(service);
const path = "/api/v1/namespaces/n/services";

async function asked(
  call: (client: ReturnType<typeof clientFor>) => Promise<unknown>,
  reply: unknown = service,
  options = {},
) {
  const server = await serve((_, response) => answer(response, 200, reply), options);
  const result = await call(clientFor(server));
  const [request] = server.requests;
  if (request === undefined || server.requests.length !== 1) throw new Error("expected one request");
  const { method, query, headers, body } = request;
  return { result, method, path: request.path, query: Object.fromEntries(query), headers, body };
}

describe("writes", () => {
  const strict = { fieldManager: "test", fieldValidation: "Strict", timeout: "10500ms" };

  it("creates with strict validation, sending fields that we do not know", async () => {
    const seen = await asked((client) => client.create(service));
    expect(seen).toMatchObject({ method: "POST", path, query: strict, result: service });
    expect(JSON.parse(seen.body)).toEqual(service);
    expect(seen.headers["content-type"]).toBe("application/json");
  });

  it("wants no more of what it creates than the metadata, whatever else the server answers", async () => {
    const metadata = { ...service.metadata, uid: "u1", resourceVersion: "7" };
    const partial = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
    for (const reply of [partial, { ...service, metadata, spec: { clusterIP: "10.0.0.1" } }]) {
      const seen = await asked((client) => client.create(service), reply);
      expect(seen.result).toEqual({ ...service, metadata });
      expect(seen.headers.accept).toBe("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json");
    }
  });

  it("asks for a dry run", async () => {
    const seen = await asked((client) => client.create(service, { dryRun: true }));
    expect(seen.query["dryRun"]).toBe("All");
  });

  it("replaces only what it has a version of", async () => {
    expect(await asked((client) => client.replace(service))).toMatchObject({
      method: "PUT",
      path: `${path}/a`,
      query: strict,
    });
    const { resourceVersion: _, ...metadata } = service.metadata;
    const server = await serve(() => {});
    const blind = failure(clientFor(server).replace({ ...service, metadata }));
    expect((await blind).message).toBe("Service/n/a: a replace needs metadata.resourceVersion");
    expect(server.requests).toEqual([]);
  });

  it.each([
    ["merge", "application/merge-patch+json", undefined],
    ["json", "application/json-patch+json", undefined],
    ["apply", "application/apply-patch+yaml", "true"],
  ] as const)("patches by %s", async (type, contentType, force) => {
    const seen = await asked((client) => client.patch(ref, {}, { type, force: true, subresource: "status" }));
    expect(seen).toMatchObject({ method: "PATCH", path: `${path}/a/status` });
    expect(seen.headers["content-type"]).toBe(contentType);
    expect(seen.query["force"]).toBe(force);
  });

  it("removes with its preconditions", async () => {
    const seen = await asked((client) =>
      client.remove(ref, { uid: "u", resourceVersion: "7", propagation: "Foreground", gracePeriodSeconds: 0 }),
    );
    expect(JSON.parse(seen.body)).toMatchObject({
      preconditions: { uid: "u", resourceVersion: "7" },
      propagationPolicy: "Foreground",
      gracePeriodSeconds: 0,
    });
  });

  it.each([
    ["a Status", { kind: "Status", status: "Success" }, undefined],
    ["its last state", service, undefined],
    ["itself, on its way out", { ...service, metadata: { ...service.metadata, deletionTimestamp: "now" } }, "a"],
  ])("tells whether a removed resource is gone when the answer is %s", async (_, reply, left) => {
    const { result } = await asked((client) => client.remove(ref), reply);
    expect((result as KubeObject | undefined)?.metadata.name).toBe(left);
  });

  it("refuses an unknown kind as a rejection, without a request", async () => {
    const server = await serve(() => {});
    const gizmo = { apiVersion: "v1", kind: "Gizmo", metadata: { name: "a" } };
    expect((await failure(clientFor(server).create(gizmo))).message).toBe('kind "Gizmo" is not supported');
  });
});

describe("reads", () => {
  it("keeps the path of a server's address", async () => {
    const server = await serve((_, response) => answer(response, 200, service));
    await clientFor({ ...server, url: `${server.url}/k8s/clusters/c1` }).get(ref);
    expect(server.requests[0]?.path).toBe(`/k8s/clusters/c1${path}/a`);
  });

  it("reads text, such as a log", async () => {
    const server = await serve((_, response) => answerText(response, 200, "line 1\nline 2 ü\n"));
    const pod = { ...KINDS.Pod, namespace: "n", name: "p" };
    const text = await clientFor(server).readText(resourcePath(pod, "log"), {
      query: { container: "c", tailLines: 2 },
    });
    expect(text).toBe("line 1\nline 2 ü\n");
    expect(server.requests[0]?.url).toBe("/api/v1/namespaces/n/pods/p/log?container=c&tailLines=2");
  });
});

describe("lists", () => {
  const pages = (expireAt?: number) => {
    const tokens: (string | null)[] = [];
    return {
      tokens,
      script: ((request, response) => {
        const query = new URL(request.url ?? "", "http://x").searchParams;
        const token = query.get("continue");
        tokens.push(token);
        if (tokens.length === expireAt) return answer(response, 410, status(410, "Expired", "token too old"));
        const page = Number(token ?? 0);
        const items = [{ metadata: { name: `pod-${page}`, uid: `${page}` } }];
        const metadata = { resourceVersion: "9", ...(page < 2 ? { continue: String(page + 1) } : {}) };
        answer(response, 200, { kind: "PodList", metadata, items });
      }) satisfies Parameters<typeof serve>[0],
    };
  };

  it("puts all pages together, and gives each item its kind", async () => {
    const { script, tokens } = pages();
    const server = await serve(script);
    const list = await clientFor(server).list(KINDS.Pod, { namespace: "n", labelSelector: "a=b,c in (d)" });
    expect(list.items.map((item) => item.metadata.name)).toEqual(["pod-0", "pod-1", "pod-2"]);
    expect(list.items[0]).toMatchObject({ apiVersion: "v1", kind: "Pod" });
    expect(list.resourceVersion).toBe("9");
    expect(tokens).toEqual([null, "1", "2"]);
    expect(server.requests[2]?.query.get("labelSelector")).toBe("a=b,c in (d)");
    expect(server.requests[2]?.query.get("limit")).toBe("500");
  });

  it("makes of each page what is kept of it before it asks for the next", async () => {
    const { script, tokens } = pages();
    const made: string[] = [];
    const transform = ({ metadata }: KubeObject) => {
      made.push(`${metadata.name} after ${tokens.length}`);
      return metadata.name.length;
    };
    const { items } = await clientFor(await serve(script)).list(KINDS.Pod, { transform });
    expect(items).toEqual([5, 5, 5]);
    expect(made).toEqual(["pod-0 after 1", "pod-1 after 2", "pod-2 after 3"]);
  });

  it("begins again when a token expires half-way, mixing nothing", async () => {
    const { script, tokens } = pages(3);
    const list = await clientFor(await serve(script)).list(KINDS.Pod);
    expect(list.items.map((item) => item.metadata.name)).toEqual(["pod-0", "pod-1", "pod-2"]);
    expect(tokens).toEqual([null, "1", "2", null, "1", "2"]);
  });

  it("gives up when tokens keep expiring", async () => {
    const server = await serve((request, response) =>
      request.url?.includes("continue")
        ? answer(response, 410, status(410, "Expired", "token too old"))
        : answer(response, 200, { metadata: { continue: "t" }, items: [] }),
    );
    const found = await failure<KubeError>(clientFor(server).list(KINDS.Pod));
    expect(found).toMatchObject({ class: "expired" });
    expect(server.requests).toHaveLength(8);
  });

  it("takes a list without items for an empty one", async () => {
    const server = await serve((_, response) => answer(response, 200, { metadata: {}, items: null }));
    expect((await clientFor(server).list(KINDS.Pod)).items).toEqual([]);
  });
});

describe("the observer of requests", () => {
  it("is told of each when it goes out, how often it went before, and how it ended", async () => {
    const seen: object[] = [];
    const onRequest = (request: object) => {
      const entry = { ...request };
      seen.push(entry);
      return (end: object) => void Object.assign(entry, end);
    };
    const server = await serve((request, response) => {
      if (request.method === "DELETE") response.destroy();
      else answer(response, 200, service);
    });
    const client = clientFor(server, { onRequest });
    await client.create(service);
    await client.get(ref, { triesSoFar: 2 });
    await failure(client.remove(ref));
    await client.list(KINDS.Service, { namespace: "n" });
    const common = { resource: "services", ref };
    expect(seen).toEqual([
      { ...common, method: "POST", verb: "create", resends: 0, status: 200, code: undefined },
      { ...common, method: "GET", verb: "get", resends: 2, status: 200, code: undefined },
      { ...common, method: "DELETE", verb: "remove", resends: 0, status: undefined, code: expect.any(String) },
      { ...common, method: "GET", verb: "list", ref: undefined, resends: 0, status: 200, code: undefined },
    ]);
  });
});
