import { JobStatus } from "@repl/contract";
import { startRedis, type TestRedis } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";
import { BAD_INPUTS, type BadInput } from "./bad-inputs.ts";

let redis: TestRedis;
let api: ApiUnderTest;
beforeAll(async () => {
  redis = await startRedis({ appendOnly: "everysec" });
  api = await openApi(redis);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await redis.stop();
});

const JSON_HEADERS = { "content-type": "application/json" };

/** inject() knows fewer methods in its types than Node does. */
function send(input: Omit<BadInput, "name" | "status" | "code" | "field">) {
  const { method = "POST", url = "/start", payload, headers = payload === undefined ? {} : JSON_HEADERS } = input;
  return api.app.inject({ method: method as "GET", url, headers, ...(payload === undefined ? {} : { payload }) });
}

describe("each bad input is refused as documented and leaves nothing behind", () => {
  it.each(BAD_INPUTS.map((input) => [input.name, input] as const))("%s", async (_name, input) => {
    const before = performance.now();
    const answer = await send(input);
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(answer.statusCode).toBe(input.status);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    const problem = answer.json();
    expect(problem).toMatchObject({ status: input.status, code: input.code, title: expect.any(String) });
    expect(problem.requestId).toBe(answer.headers["x-request-id"]);
    expect(problem.type).toBe(`urn:problem-type:repl-orchestrator:${input.code}`);
    if (input.field !== undefined) {
      expect(problem.errors.map(({ field }: { field: string }) => field)).toContain(input.field);
      expect(problem.detail).toContain(input.field);
    }
    if (input.status === 405) expect(answer.headers.allow).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
    expect(answer.body).not.toMatch(/node_modules|\.ts:|stack|repl-orchestrator}|127\.0\.0\.1/);
    expect(answer.body.length).toBeLessThan(2_000);
    expect(await api.jobKeys()).toEqual([]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("and none of them is an error of ours", () => {
    expect(api.logged.filter(({ level }) => ["warn", "error", "fatal"].includes(String(level)))).toEqual([]);
  });

  it("names every wrong field at once", async () => {
    const problem = (await send({ payload: '{"userId":1,"image":"x"}' })).json();
    expect(problem.errors.map(({ field }: { field: string }) => field).sort()).toEqual(["image", "replId", "userId"]);
  });

  it("20 the nesting is refused within 100 ms", async () => {
    const nested = BAD_INPUTS.find(({ name }) => name.startsWith("20 "));
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const before = performance.now();
      expect((await send(nested ?? {})).statusCode).toBe(400);
      times.push(performance.now() - before);
    }
    expect(Math.min(...times)).toBeLessThan(100);
  });

  it("34 no pattern takes long over a text of 16 KB", async () => {
    for (const text of ["a-".repeat(8_000), "-".repeat(16_000), "a".repeat(16_000), "!".repeat(16_000)]) {
      const before = performance.now();
      for (const field of ["replId", "userId"])
        await send({ payload: JSON.stringify({ replId: "ok", [field]: text }) });
      expect(performance.now() - before).toBeLessThan(200);
    }
  });
});

describe("what looks bad and is not", () => {
  it.each([
    ["22 a byte order mark is ignored", "\ufeff" + '{"replId":"bom"}', "bom"],
    ["23 of a repeated key the last value is validated and used", '{"replId":1,"replId":"last"}', "last"],
    ["white space", ' \n\t{ "replId" : "space" } \r\n', "space"],
    ["escapes", '{"repl\\u0049d":"esc\\u0061pe"}', "escape"],
    ["15 words of YAML", '{"replId":"true"}', "true"],
    ["15 words of YAML", '{"replId":"null"}', "null"],
    ["50 characters", JSON.stringify({ replId: `a${"-".repeat(48)}b` }), `a${"-".repeat(48)}b`],
    ["18 a name of Object.prototype", '{"replId":"constructor"}', "constructor"],
  ])("%s", async (_name, payload, replId) => {
    const answer = await send({ payload });
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toMatchObject({ replId });
    expect(await api.store.find(answer.json().jobId)).toMatchObject({ replId });
  });

  it.each([
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON",
    'application/json; charset="utf-8"',
  ])("25 %s", async (type) => {
    expect((await send({ payload: '{"replId":"type"}', headers: { "content-type": type } })).statusCode).toBe(202);
  });

  it("46 a type without a body, where none is expected", async () => {
    await send({ payload: '{"replId":"kept"}' });
    const url = "/repls/kept/keepalive";
    const headers = { "content-type": "application/json", "content-length": "0" };
    expect((await api.app.inject({ method: "POST", url, headers })).statusCode).toBe(204);
  });

  it.each(["auth0|5f7c8ec7", "a@b.example", "{{x}}", "__proto__", "u".repeat(128)])("user %s", async (userId) => {
    const answer = await send({
      payload: JSON.stringify({ replId: `u${Buffer.from(userId).toString("hex").slice(0, 40)}`, userId }),
    });
    expect(await api.store.find(answer.json().jobId)).toMatchObject({ userId });
  });
});

describe("40 ids of jobs", () => {
  it("are random, of 122 bits, and none is like another", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 50; index += 1) {
      ids.push((await send({ payload: `{"replId":"random-${index}"}` })).json().jobId);
    }
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids.map((id) => id.slice(0, 8))).size).toBe(50);
  });
});

describe("42 a job's status", () => {
  it("has the documented fields, and nothing of how the service keeps it", async () => {
    const { jobId } = (await send({ payload: '{"replId":"fields"}' })).json();
    const answer = await api.app.inject(`/jobs/${jobId}`);
    expect(Object.keys(answer.json()).sort()).toEqual(Object.keys(JobStatus.properties).sort());
    expect(answer.body).not.toMatch(/redis|requestId|127\.0\.0\.1|repls:|version|turn/);
    expect(answer.body).not.toContain(api.prefix);
  });
});

describe("33 request ids", () => {
  const idOf = async (given: string) => {
    const answer = await api.app.inject({ url: "/nope", headers: { "x-request-id": given } });
    expect(answer.json().requestId).toBe(answer.headers["x-request-id"]);
    return answer.headers["x-request-id"];
  };

  it("that are well-formed are kept", async () => {
    expect(await idOf("trace-0123.ABC_def")).toBe("trace-0123.ABC_def");
  });

  it.each(["short", "a".repeat(65), "a".repeat(9_000), '{"level":60}', "with space", "a\tb\tc\td\te", "ünïcödé-id"])(
    "%s is replaced",
    async (given) => expect(await idOf(given)).toMatch(/^[0-9a-f-]{36}$/),
  );
});
