import { startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openApi } from "./api-under-test.ts";
import { lastBody, openConnection } from "./raw-http.ts";

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

it("a request that came late because nobody read it is answered 503 overloaded, not 408", async () => {
  await using api = await openApi(redis, { maxEventLoopDelayMs: 200 });
  const port = await api.listen();
  api.app.server.headersTimeout = 300;
  const read = Promise.withResolvers<void>();
  // Between the connection and its first byte, as where the process gets no processor.
  api.app.server.once("connection", () => {
    const until = performance.now() + 1_500;
    while (performance.now() < until);
    read.resolve();
  });
  const connection = await openConnection(port);
  connection.socket.write("GET /nope HTTP/1.1\r\nHost: a\r\n\r\n");
  await read.promise;
  await connection.closed(5_000);
  expect(connection.received()).toMatch(/^HTTP\/1\.1 503 /);
  expect(lastBody(connection.received())).toMatchObject({ code: "overloaded" });
});
