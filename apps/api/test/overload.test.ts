import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openApi } from "./api-under-test.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

it("a process whose event loop lags answers 503 overloaded, and serves again afterwards", async () => {
  await using api = await openApi(redis, { maxEventLoopDelayMs: 50 });
  const answered = async (status: number) => {
    const answer = await api.app.inject("/nope");
    return answer.statusCode === status && answer;
  };
  const lagging = setInterval(() => {
    const until = performance.now() + 200;
    while (performance.now() < until); // Nothing but work lags an event loop.
  }, 1);
  const refused = await waitFor(() => answered(503), { what: "the overload to be noticed" }).finally(() =>
    clearInterval(lagging),
  );
  expect(refused.json()).toMatchObject({ code: "overloaded" });
  expect(refused.headers["retry-after"]).toBe("2");
  await waitFor(() => answered(404), { what: "the overload to be over" });
});
