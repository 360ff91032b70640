import { startRedis, type TestRedis } from "@repl/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fromRedis } from "../src/redis/from-redis.ts";
import { type ApiUnderTest, openApi, order } from "./api-under-test.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const start = ({ app }: ApiUnderTest, replId: string) =>
  app.inject({ method: "POST", url: "/start", ...order({ replId }) });

it.each<[code: string, spoil: [string, ...string[]], mend: [string, ...string[]]]>([
  ["OOM", ["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]],
  ["NOPERM", ["ACL", "SETUSER", "default", "-evalsha"], ["ACL", "SETUSER", "default", "+evalsha"]],
  ["NOREPLICAS", ["CONFIG", "SET", "min-replicas-to-write", "1"], ["CONFIG", "SET", "min-replicas-to-write", "0"]],
])("that Redis answers %s is in the log, once for many requests, and not in the answer", async (code, spoil, mend) => {
  await using api = await openApi(redis);
  await start(api, "before"); // Scripts are sent as text once for each connection, by another command.
  await redis.command(...spoil);
  try {
    for (const replId of ["one", "two"]) {
      const answer = await start(api, replId);
      expect([answer.statusCode, answer.json().code]).toEqual([503, "dependency_unavailable"]);
      expect(answer.body).not.toContain(code);
    }
  } finally {
    await redis.command(...mend);
  }
  const causes = api.logged.filter(({ msg, source }) => msg === "connection error" && source === "redis requests");
  expect(causes).toMatchObject([
    { level: "warn", suppressed: 0, err: { message: expect.stringMatching(`^${code} `) } },
  ]);
});

it.each([new ReferenceError("x is not defined"), new TypeError("x is not a function")])(
  "a mistake of ours is not taken for Redis: %s",
  async (mistake) => {
    await expect(fromRedis(Promise.reject(mistake))).rejects.toBe(mistake);
  },
);
