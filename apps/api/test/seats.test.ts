import { setTimeout as delay } from "node:timers/promises";
import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTokenVerifier } from "../src/auth/token-verifier.ts";
import { type ApiUnderTest, openApi, order } from "./api-under-test.ts";
import { bearer, tokenOf, verification } from "./tokens.ts";

let redis: TestRedis;
let api: ApiUnderTest;
let base: string;
let jobId: string;
/** Kept with their answers: fetch ends a stream whose answer nobody holds any more when garbage is collected. */
const open: { readonly abort: AbortController; readonly answer: Promise<Response> }[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  api = await openApi(redis, {
    verifyToken: createTokenVerifier(verification),
    maxFollowers: 8,
    maxFollowersPerUser: 3,
  });
  base = `http://127.0.0.1:${await api.listen()}`;
  const { headers, payload } = order({ replId: "alices" });
  const alice = bearer(await tokenOf("alice"));
  const answer = await api.app.inject({ method: "POST", url: "/start", headers: { ...headers, ...alice }, payload });
  jobId = answer.json().jobId;
});
afterEach(async () => {
  for (const { abort } of open.splice(0)) abort.abort();
  await api[Symbol.asyncDispose]();
});

/** Follows the job as somebody; gone with `abort`. */
async function follow(user: string, path = "/events", scope?: string) {
  const abort = new AbortController();
  const headers = bearer(await tokenOf(user, scope));
  const answer = fetch(`${base}/jobs/${jobId}${path}`, { headers, signal: abort.signal });
  answer.catch(() => {}); // A poll that is given up.
  open.push({ abort, answer });
  return { abort, answer };
}
const seats = (count: number) => waitFor(() => api.feed.followers === count, { what: `${count} followers` });

describe("43 seats of a user", () => {
  it("are free again though its clients left while their tokens were looked at", async () => {
    const verify = createTokenVerifier(verification);
    let looking = 0;
    const slow = async (token: string) => {
      looking += 1;
      await delay(50);
      return verify(token);
    };
    await using other = await openApi(redis, { verifyToken: slow, maxFollowers: 8, maxFollowersPerUser: 3 });
    const { headers, payload } = order({ replId: "alices" });
    const alice = bearer(await tokenOf("alice"));
    const started = await other.app.inject({
      method: "POST",
      url: "/start",
      headers: { ...headers, ...alice },
      payload,
    });
    const url = `http://127.0.0.1:${await other.listen()}/jobs/${started.json().jobId}/events`;
    for (let client = 0; client < 4; client += 1) {
      const abort = new AbortController();
      const answer = fetch(url, { headers: alice, signal: abort.signal });
      await waitFor(() => looking === client + 2, { what: "its token to be looked at", intervalMs: 1 });
      abort.abort();
      await expect(answer).rejects.toThrow();
    }
    const last = new AbortController();
    expect((await fetch(url, { headers: alice, signal: last.signal })).status).toBe(200);
    expect(other.feed.followers).toBe(1);
    last.abort();
  });

  it("are limited, streams and waiting polls together; others still get theirs", async () => {
    await (await follow("alice")).answer;
    await (await follow("alice")).answer;
    await follow("alice", "?wait=30");
    await seats(3);
    for (const path of ["/events", "?wait=30"]) {
      const refused = await (await follow("alice", path)).answer;
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
      expect(await refused.json()).toMatchObject({
        code: "user_followers",
        detail: "At most 3 requests of a user may wait for changes at the same time.",
      });
    }
    expect((await (await follow("alice", "")).answer).status).toBe(200); // Asking without waiting takes no seat.
    await (await follow("back-end", "/events", "service")).answer;
    await seats(4);
  });

  it("are free again after a closed tab, an answered poll, a refused and a finished request", async () => {
    const streams = await Promise.all([follow("alice"), follow("alice"), follow("alice")]);
    await Promise.all(streams.map(({ answer }) => answer));
    streams[0]?.abort.abort();
    await seats(2);
    expect((await (await follow("alice", "?wait=1")).answer).status).toBe(200);
    await seats(2);
    expect((await (await follow("alice", "x/events")).answer).status).toBe(404);
    expect((await (await follow("alice")).answer).status).toBe(200);
    await seats(3);
  });

  it("do not count for back ends and administrators, whom the process's own limit holds", async () => {
    for (let count = 0; count < 4; count += 1) {
      await (await follow("back-end", "/events", "service")).answer;
      await (await follow("root", "/events", "admin")).answer;
    }
    await seats(8);
    const refused = await (await follow("alice")).answer;
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([429, "too_many_followers"]);
  });
});
