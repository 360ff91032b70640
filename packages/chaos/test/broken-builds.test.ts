import { argumentsOf, REAL_BUILDS } from "@repl/simulation";
import { waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { sendOrder } from "../src/clients/client.ts";
import { lookEverywhere } from "../src/record/leaks.ts";
import { Recorder } from "../src/record/recorder.ts";
import { type ApiPlace, startInstallation } from "../src/service/installation.ts";
import { openTarget } from "../src/target/target.ts";

const TIMEOUT = { timeout: 120_000 };

/** What is found of secrets in all that an api and a worker tell, of a Redis too that refuses their password. */
async function leaksOf(nodeArgs: readonly string[]): Promise<string[]> {
  const recorder = new Recorder();
  const refused = new Set<string>();
  const onLine = (process: string, line: string): void => {
    recorder.onLine(process, line);
    if (line.includes("WRONGPASS")) refused.add(process);
  };
  await using target = await openTarget("simulator");
  await using installation = await startInstallation({
    ...{ target, apis: 1, workers: 1, nodeArgs, onSecrets: recorder.onSecrets, onLine },
  });
  const { redis, redisLink, apis } = installation;
  await redis.command("ACL", "SETUSER", "repls", "resetpass", ">another");
  redisLink.reset();
  await waitFor(() => refused.size === 2, { what: "both processes to be refused", timeoutMs: 30_000 });
  await sendOrder(apis[0] as ApiPlace, { op: "op-refused", kind: "start", replId: "demo", userId: "ada" }, recorder);
  await lookEverywhere(installation, recorder.leaks);
  return recorder.leaks.violations.map(({ invariant, what }) => `${invariant}: ${what}`);
}

test("no process tells a secret", TIMEOUT, async () => {
  expect(await leaksOf([])).toEqual([]);
});

const TOLD: Readonly<Record<string, readonly string[]>> = {
  "errors are logged with all that is attached to them": ["the log of api-1/1", "the log of worker-1/1"],
  "a start logs where Redis is, and no line is redacted": ["the log of api-1/1"],
  "readiness tells Redis' error as it is": ["/readyz of api-1", "/readyz of worker-1"],
  "a 503 names the Redis that is away": ["the answer to op-refused"],
  "a metric has Redis' address as a label": ["/metrics of api-1", "/metrics of worker-1"],
};

test.each(REAL_BUILDS.filter(({ breaks }) => breaks === "I18"))("I18: $name", TIMEOUT, async ({ name }) => {
  const found = await leaksOf(argumentsOf(name));
  expect(found.toSorted()).toEqual(TOLD[name]?.map((place) => `I18: ${place} holds a secret`));
});
