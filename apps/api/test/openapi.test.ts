import { readFileSync } from "node:fs";
import { startRedis, type TestRedis } from "@repl/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { interfaceDocument } from "../src/interface-document.ts";
import { PROBLEM_KINDS } from "../src/problems/problem-kinds.ts";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: string[];
  readonly security?: object[];
  readonly parameters?: { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: unknown }> };
  readonly responses: Record<
    string,
    {
      readonly description: string;
      readonly headers?: object;
      readonly links?: object;
      readonly content?: Record<string, { schema: unknown }>;
    }
  >;
}

let redis: TestRedis;
let api: ApiUnderTest;
let document: {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
};
beforeAll(async () => {
  redis = await startRedis();
  api = await openApi(redis);
  document = (await api.app.inject("/openapi.json")).json();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await redis.stop();
});

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, it]) => ({ path, method, ...it })),
  );

it("is docs/openapi.json, which `npm run docs` writes", async () => {
  const committed = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8"));
  expect(document).toEqual(committed);
  expect(await interfaceDocument()).toEqual(committed);
});

it("the event stream is described by its events, and takes the token in its address too", () => {
  const events = document.paths["/jobs/{jobId}/events"]?.get;
  expect(events?.responses["200"]?.content).toEqual({
    "text/event-stream": { schema: { $ref: "#/components/schemas/JobEvent" } },
  });
  expect(events?.security).toEqual([{ bearer: [] }, { queryToken: [] }, {}]);
  expect(Object.keys(document.components.securitySchemes)).toEqual(["bearer", "queryToken"]);
});

it("is OpenAPI 3.1 and lists every route", () => {
  expect(document.openapi).toBe("3.1.0");
  expect(operations().map(({ method, path, operationId }) => [`${method} ${path}`, operationId])).toEqual([
    ["post /start", "startRepl"],
    ["post /stop", "stopRepl"],
    ["get /jobs/{jobId}", "getJob"],
    ["get /jobs/{jobId}/events", "followJob"],
    ["get /repls", "listRepls"],
    ["get /repls/{replId}", "getRepl"],
    ["post /repls/{replId}/keepalive", "keepReplAlive"],
    ["get /openapi.json", "getOpenApi"],
  ]);
});

it("every operation says what it does and answers problems for every error", () => {
  for (const { summary, tags, responses, operationId } of operations()) {
    expect([operationId, summary, tags?.length]).toEqual([expect.any(String), expect.any(String), 1]);
    for (const [status, { description, content }] of Object.entries(responses)) {
      expect(description).not.toBe("Default Response");
      if (Number(status) >= 400)
        expect(content).toEqual({ "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } });
    }
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(["400", "431", "500", "503"]));
  }
});

it("every operation but the one of this document says that the database and the keys may be away", () => {
  const saying = operations().filter(({ responses }) =>
    ["`dependency_unavailable`", "`keys_unavailable`"].every((code) => responses["503"]?.description.includes(code)),
  );
  expect(saying.map(({ operationId }) => operationId)).toEqual(
    operations().flatMap(({ operationId }) => (operationId === "getOpenApi" ? [] : [operationId])),
  );
});

it("every reference leads somewhere, and nothing of Fastify's own shines through", () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? "");
  expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining([...new Set(references)]));
  expect(text).not.toMatch(/"\$id"|def-\d|~kind|"\$ref":"(?!#\/components)/);
});

it("orders and answers are components with examples", () => {
  const start = document.paths["/start"]?.post;
  expect(start?.requestBody?.content["application/json"]?.schema).toMatchObject({
    $ref: "#/components/schemas/JobOrder",
  });
  expect(start?.responses["202"]?.content?.["application/json"]?.schema).toEqual({
    $ref: "#/components/schemas/JobAccepted",
  });
  expect(Object.keys(start?.responses["202"]?.headers ?? {})).toEqual([
    "Location",
    "Retry-After",
    "Idempotency-Replayed",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "X-Request-Id",
  ]);
  expect(Object.keys(start?.responses["202"]?.links ?? {})).toEqual(["job", "events", "repl"]);
  expect(Object.keys(start?.responses["429"]?.headers ?? {})).toEqual(
    expect.arrayContaining(["Retry-After", "RateLimit-Reset"]),
  );
  expect(Object.keys(start?.responses["401"]?.headers ?? {})).toContain("WWW-Authenticate");
  expect(document.components.schemas.JobOrder).toMatchObject({
    additionalProperties: false,
    examples: [{ replId: "repl123" }],
  });
  expect(JSON.stringify(document.components.schemas.JobStatus)).toContain(
    '"$ref":"#/components/schemas/ResourceStatus"',
  );
});

it("what is left of the rate is declared where an order that was looked at is answered, and nowhere else", () => {
  const rated = operations().flatMap(({ operationId, responses }) =>
    Object.entries(responses).flatMap(([status, { headers = {} }]) =>
      "RateLimit-Remaining" in headers ? [`${operationId} ${status}`] : [],
    ),
  );
  expect(rated).toEqual([
    ...["202", "409", "422", "429", "503"].map((status) => `startRepl ${status}`),
    ...["202", "409", "422", "429"].map((status) => `stopRepl ${status}`),
  ]);
});

it("parameters are declared", () => {
  const parameters = document.paths["/jobs/{jobId}"]?.get?.parameters?.map(({ name, in: place, required }) => [
    place,
    name,
    required ?? false,
  ]);
  expect(parameters).toEqual([
    ["query", "wait", false],
    ["path", "jobId", true],
    ["header", "if-none-match", false],
  ]);
});

it("every code has a status that HTTP knows and a title that is a sentence", () => {
  for (const { status, title } of Object.values(PROBLEM_KINDS)) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).toMatch(/^[A-Z].*\.$/);
  }
});

it("is shown to people at /docs, under a policy of its own", async () => {
  const page = await api.app.inject("/docs/");
  expect(page.statusCode).toBe(200);
  expect(page.headers["content-type"]).toMatch(/^text\/html/);
  expect(page.headers["content-security-policy"]).toContain("default-src 'self'");
});

it("is shown so wherever a proxy puts the api: no link of the page begins at the root", async () => {
  const short = await api.app.inject("/docs");
  expect([short.statusCode, short.headers.location]).toEqual([302, "docs/"]);
  const page = await api.app.inject("/docs/");
  const links = [...page.body.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link);
  expect(links.length).toBeGreaterThan(3);
  expect(links.filter((link) => !link?.startsWith("./"))).toEqual([]);
  expect((await api.app.inject("/docs/json")).json()).toEqual({ ...document, servers: [{ url: ".." }] });
});
