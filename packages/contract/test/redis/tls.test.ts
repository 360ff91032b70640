import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Authority, createAuthority, type IssueOptions, startRedis, type TestRedis, waitFor } from "@repl/testkit";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { connectForRequests, createRedisCheck, type RedisSettings, redisPlace } from "../../src/index.ts";

const QUEUE_PREFIX = "{tls}";
let authority: Authority;
let folder: string;
const servers: TestRedis[] = [];

beforeAll(async () => {
  authority = createAuthority("an authority");
  folder = await mkdtemp(join(tmpdir(), "redis-tls-"));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function serverWith(options: IssueOptions): Promise<TestRedis> {
  const server = await startRedis({ tls: { ca: authority.ca, ...authority.issue("redis", options) } });
  servers.push(server);
  return server;
}

/** What readiness says of a connection with those settings, once it has said anything but that it waits. */
async function verdict(settings: Omit<RedisSettings, "queuePrefix">): Promise<string> {
  const place = redisPlace({ ...settings, queuePrefix: QUEUE_PREFIX });
  const redis = connectForRequests(place);
  const check = createRedisCheck(redis, place);
  const look = () =>
    check().then(
      () => "ok",
      ({ message }: Error) => message !== "Redis does not answer" && message,
    );
  try {
    return await waitFor(look, { what: "the check to know" });
  } finally {
    redis.disconnect();
  }
}

it("a certificate of the named authority for that address is accepted", async () => {
  const { url: redisUrl, caPath: redisCaPath } = await serverWith({});
  expect(await verdict({ redisUrl, redisCaPath })).toBe("ok");
});

it("one of another authority is not, nor is any without the setting", async () => {
  const { url: redisUrl } = await serverWith({});
  const redisCaPath = join(folder, "other.crt");
  await writeFile(redisCaPath, createAuthority("another one").ca);
  expect(await verdict({ redisUrl, redisCaPath })).toContain("not signed by an authority of REDIS_CA_PATH");
  expect(await verdict({ redisUrl })).toContain("not signed by an authority of REDIS_CA_PATH");
});

it("an expired one is not", async () => {
  const { url: redisUrl, caPath: redisCaPath } = await serverWith({ validForMs: -60_000 });
  expect(await verdict({ redisUrl, redisCaPath })).toContain("Redis' certificate has expired");
});

it("one for another address is not", async () => {
  const { url: redisUrl, caPath: redisCaPath } = await serverWith({ address: "10.1.2.3" });
  expect(await verdict({ redisUrl, redisCaPath })).toContain("not issued for the host");
});

it("a server that does not speak TLS says nothing, which is given up", async () => {
  const server = await startRedis();
  servers.push(server);
  const said = await verdict({ redisUrl: server.url.replace("redis", "rediss") });
  expect(said).toBe("Redis does not answer: connect ETIMEDOUT");
});

it("a wrong password, an unknown user and none are told apart from an outage, without the password", async () => {
  const server = await startRedis();
  servers.push(server);
  await server.command("CONFIG", "SET", "requirepass", "right");
  for (const credentials of [":canary-1", "nobody:canary-1"]) {
    const said = await verdict({ redisUrl: server.url.replace("//", `//${credentials}@`) });
    expect(said).toContain("refuses the user or the password");
    expect(said).not.toContain("canary");
  }
  expect(await verdict({ redisUrl: server.url })).toContain("refuses the user or the password");
});

it("a CA file that is missing, empty or no certificate ends the start, naming the setting", async () => {
  const place = (redisCaPath: string) =>
    redisPlace({ redisUrl: "rediss://127.0.0.1", queuePrefix: QUEUE_PREFIX, redisCaPath });
  expect(() => place(join(folder, "missing.crt"))).toThrow(/^REDIS_CA_PATH: .*missing.crt cannot be used: ENOENT/);
  const broken = join(folder, "broken.crt");
  for (const text of ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]) {
    await writeFile(broken, text);
    expect(() => place(broken)).toThrow(/^REDIS_CA_PATH: .*broken.crt cannot be used: /);
  }
});
