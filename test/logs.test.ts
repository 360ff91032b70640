import { randomBytes } from "node:crypto";
import { startRedis, waitFor } from "@repl/testkit";
import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { startSystem } from "./support/system.ts";
import { openSimulator } from "./support/targets.ts";

const secret = () => randomBytes(24).toString("base64url");

async function signed(authSecret: string, subject: string): Promise<string> {
  const token = new SignJWT({}).setProtectedHeader({ alg: "HS256" }).setSubject(subject);
  return token.setIssuer("logs").setAudience("logs").setExpirationTime("1h").sign(Buffer.from(authSecret));
}

interface Line extends Record<string, unknown> {
  readonly msg: string;
}

test("no planted secret is in the log at its most talkative, and one start is followed through both by its job's id", async () => {
  await using target = await openSimulator();
  await using redis = await startRedis();
  const planted = {
    redisPassword: secret(),
    authSecret: secret() + secret(),
    s3Key: secret(),
    kube: target.simulator.token,
  };
  await redis.command("ACL", "SETUSER", "logs", "on", `>${planted.redisPassword}`, "~*", "&*", "+@all");
  await using system = await startSystem(target, {
    env: {
      ...{ REDIS_URL: `redis://logs:${planted.redisPassword}@127.0.0.1:${redis.port}`, LOG_LEVEL: "trace" },
      ...{ AUTH_MODE: "jwt", AUTH_SECRET: planted.authSecret, AUTH_ISSUER: "logs", AUTH_AUDIENCE: "logs" },
      ...{ AWS_SECRET_ACCESS_KEY: planted.s3Key, LEASE_SECONDS: "2" },
    },
  });
  const token = await signed(planted.authSecret, "alice");
  const forged = await signed(secret() + secret(), "alice");
  const { url, process: api } = system.apis[0]!;
  const worker = system.workers[0]!;
  const post = (path: string, body: unknown, bearer = token) =>
    fetch(url + path, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${bearer}`,
        cookie: `id=${planted.s3Key}`,
      },
      body: JSON.stringify(body),
    });
  const linesOf = ({ output }: { output: { lines(): string[] } }) =>
    output.lines().map((line) => JSON.parse(line) as Line);
  const lineOf = (process: typeof api, msg: string, jobId?: string) =>
    waitFor(
      () => linesOf(process).find((line) => line.msg === msg && (jobId === undefined || line["jobId"] === jobId)),
      {
        what: `the line "${msg}"`,
        timeoutMs: 30_000,
      },
    );

  const accepted = await post("/start", { replId: "logged" });
  const { jobId } = (await accepted.json()) as { jobId: string };
  const requestId = accepted.headers.get("x-request-id");
  await lineOf(worker, "job completed", jobId);

  const { faults } = target.simulator;
  const match = { resources: ["services"] };
  const unknown = faults.add({ match, times: "always", effect: { kind: "answer", status: 401 } });
  const refused = (await (await post("/start", { replId: "refused" })).json()) as { jobId: string };
  await lineOf(worker, "job failed", refused.jobId);
  faults.remove(unknown.id);

  expect((await post("/start", { replId: "logged" }, forged)).status).toBe(401);
  expect((await post(`/jobs/${token}`, {})).status).toBe(414);
  expect((await post("/start", { replId: token })).status).toBe(400);
  const failing = (await (await post("/start", { replId: "fail-image-logged" })).json()) as { jobId: string };
  await lineOf(worker, "job failed", failing.jobId);
  redis.pause();
  await waitFor(async () => (await fetch(`${system.apis[0]?.opsUrl}/readyz`)).status === 503, {
    what: "Redis to be missed",
  });
  expect((await post("/start", { replId: "logged" })).status).toBe(503);
  redis.resume();
  await redis.command("ACL", "DELUSER", "logs");
  for (const process of [api, worker]) await lineOf(process, "connection error");

  const text = [api, worker].map(({ output }) => output.text()).join("\n");
  expect(text).toContain('"level":"warn"');
  for (const [name, value] of Object.entries({
    ...planted,
    token: token.split(".")[2]!,
    forged: forged.split(".")[2]!,
  }))
    expect(text.includes(value), `${name} in the log`).toBe(false);

  const followed = (process: typeof api) => linesOf(process).filter((line) => line["jobId"] === jobId);
  const common = {
    level: "info",
    time: expect.any(String),
    pid: expect.any(Number),
    jobId,
    replId: "logged",
    requestId,
  };
  expect(followed(api)).toEqual([
    expect.objectContaining({
      ...common,
      process: "api",
      msg: "start accepted",
      audit: true,
      userId: "alice",
      caller: "alice",
    }),
    expect.objectContaining({ ...common, process: "api", msg: "request", status: 202 }),
  ]);
  expect(followed(worker)).toContainEqual(
    expect.objectContaining({
      ...common,
      process: "worker",
      kind: "start",
      userId: "alice",
      attempt: 1,
      msg: "job completed",
    }),
  );
  expect(followed(worker).every((line) => line["requestId"] === requestId && line["process"] === "worker")).toBe(true);
}, 60_000);
