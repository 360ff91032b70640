import { startRedis, type TestRedis } from "@repl/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTokenVerifier } from "../src/auth/token-verifier.ts";
import { type ApiUnderTest, openApi } from "./api-under-test.ts";
import { bearer, tokenOf, verification } from "./tokens.ts";

let redis: TestRedis;
let api: ApiUnderTest;
let tokens: Record<"alice" | "bob" | "admin" | "service", string>;
let jobId: string;
beforeAll(async () => {
  redis = await startRedis();
  api = await openApi(redis, { verifyToken: createTokenVerifier(verification) });
  const [alice, bob] = [await tokenOf("alice"), await tokenOf("bob")];
  tokens = { alice, bob, admin: await tokenOf("root", "admin"), service: await tokenOf("backend", "service") };
  jobId = (await post("/start", "alice", { replId: "alices" })).json().jobId;
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await redis.stop();
});

type Who = keyof typeof tokens;

function post(url: string, who: Who, body?: object) {
  const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const headers = { ...bearer(tokens[who]), ...type };
  return api.app.inject({
    method: "POST",
    url,
    headers,
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
}

const get = (url: string, who: Who) => api.app.inject({ url, headers: bearer(tokens[who]) });

/** An answer without what differs from request to request. */
function shape({ statusCode, headers, body }: Awaited<ReturnType<typeof get>>) {
  const { "x-request-id": requestId, date: _date, ...rest } = headers;
  return { statusCode, headers: rest, body: body.replaceAll(String(requestId), "ID") };
}

describe("the user of an order", () => {
  it("is the token's subject", async () => {
    expect(await api.store.find(jobId)).toMatchObject({ userId: "alice" });
    const named = await post("/start", "alice", { replId: "alices", userId: "alice" });
    expect([named.statusCode, named.json().joined]).toEqual([202, true]);
  });

  it.each(["/start", "/stop"])("%s that names another is refused, and nothing happens", async (url) => {
    const before = await api.jobKeys();
    const answer = await post(url, "bob", { replId: "bobs", userId: "alice" });
    expect([answer.statusCode, answer.json().code]).toEqual([403, "forbidden_user"]);
    expect(await api.jobKeys()).toEqual(before);
  });

  it.each(["admin", "service"] as const)("may be anybody for the scope %s", async (who) => {
    const answer = await post("/start", who, { replId: `for-carol-${who}`, userId: "carol" });
    expect(await api.store.find(answer.json().jobId)).toMatchObject({ userId: "carol" });
  });

  it("has names of his own: another's are refused", async () => {
    expect((await post("/start", "bob", { replId: "alices" })).json()).toMatchObject({ code: "repl_taken" });
    expect((await post("/stop", "bob", { replId: "alices" })).json()).toMatchObject({ code: "repl_taken" });
  });
});

describe("36 45 56 what belongs to another is the same 404 as what does not exist", () => {
  it.each([
    ["a job", () => `/jobs/${jobId}`, "/jobs/6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53"],
    ["its long poll", () => `/jobs/${jobId}?wait=30`, "/jobs/6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53?wait=30"],
    ["its events", () => `/jobs/${jobId}/events`, "/jobs/6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53/events"],
    ["a repl", () => "/repls/alices", "/repls/nobodys"],
  ])("%s", async (_what, foreign, unknown) => {
    const answer = await get(foreign(), "bob");
    expect(answer.statusCode).toBe(404);
    expect(shape(answer)).toEqual(shape(await get(unknown, "bob")));
    expect(answer.body).not.toContain("alice");
    expect(api.feed.followers).toBe(0);
  });

  it("36 a job, in the same time", async () => {
    const times = { foreign: [] as number[], unknown: [] as number[] };
    const paths = { foreign: `/jobs/${jobId}`, unknown: "/jobs/6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53" };
    for (let round = 0; round < 100; round += 1) {
      for (const what of ["foreign", "unknown"] as const) {
        const before = performance.now();
        await get(paths[what], "bob");
        times[what].push(performance.now() - before);
      }
    }
    const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length / 2] ?? Number.NaN;
    expect(Math.abs(median(times.foreign) - median(times.unknown))).toBeLessThan(2);
  });

  it("keeping a repl alive", async () => {
    const answer = await post("/repls/alices/keepalive", "bob");
    expect(answer.statusCode).toBe(404);
    expect(shape(answer)).toEqual(shape(await post("/repls/nobodys/keepalive", "bob")));
  });

  it.each(["alice", "admin", "service"] as const)("and there for %s", async (who) => {
    expect((await get(`/jobs/${jobId}`, who)).json()).toMatchObject({ jobId, userId: "alice" });
    expect((await get("/repls/alices", who)).json()).toMatchObject({ replId: "alices", state: "starting" });
    const kept = await post("/repls/alices/keepalive", who);
    expect([kept.statusCode, kept.body]).toEqual([204, ""]);
  });
});

describe("the list of repls", () => {
  it("is the subject's own", async () => {
    const answer = await get("/repls", "alice");
    expect(answer.json()).toMatchObject({ repls: [{ replId: "alices", job: { jobId, kind: "start" } }], next: null });
    expect((await get("/repls?userId=alice", "alice")).json()).toEqual(answer.json());
    expect((await get("/repls", "bob")).json()).toEqual({ repls: [], next: null });
  });

  it("of another is for administrators and back ends", async () => {
    expect((await get("/repls?userId=alice", "bob")).json()).toMatchObject({ status: 403, code: "forbidden_user" });
    for (const who of ["admin", "service"] as const) {
      expect((await get("/repls?userId=alice", who)).json().repls).toMatchObject([{ replId: "alices" }]);
    }
  });
});

describe("without authentication", () => {
  it("the list is that of the user named, or anonymous, a page at a time", async () => {
    await using open = await openApi(redis);
    const start = (body: object) =>
      open.app.inject({
        method: "POST",
        url: "/start",
        headers: { "content-type": "application/json" },
        payload: JSON.stringify(body),
      });
    for (const replId of ["c", "a", "b"]) await start({ replId });
    await start({ replId: "d", userId: "dave" });
    const list = async (query: string) => {
      const { repls, next } = (await open.app.inject(`/repls${query}`)).json();
      return [repls.map(({ replId }: { replId: string }) => replId), next];
    };
    expect(await list("")).toEqual([["a", "b", "c"], null]);
    expect(await list("?limit=2")).toEqual([["a", "b"], "b"]);
    expect(await list("?limit=2&after=b")).toEqual([["c"], null]);
    expect(await list("?userId=dave")).toEqual([["d"], null]);
    expect((await open.app.inject("/repls/d")).json()).toMatchObject({ userId: "dave" });
  });

  it.each(["?limit=0", "?limit=501", "?limit=x", "?after=A", "?userId=a%20b", "?userId="])(
    "%s is a bad query",
    async (query) => {
      await using open = await openApi(redis);
      expect((await open.app.inject(`/repls${query}`)).json()).toMatchObject({ code: "invalid_request" });
    },
  );
});
