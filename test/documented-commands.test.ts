import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import type { JobStatus } from "@repl/contract";
import { type RunningProcess, startProcess, waitFor } from "@repl/testkit";
import { missingTestCluster } from "@repl/testkit/vitest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoHelm } from "./deploy/support/helm.ts";
import { GATEWAY_API, installCustomKinds, KEDA, POD_MONITORS } from "./support/custom-kinds.ts";
import { commandsFor } from "./support/documented-commands.ts";
import { blockOf, fits, ROOT } from "./support/documents.ts";
import { type FreshCopy, freshCopy } from "./support/fresh-copy.ts";
import { openKubeconfig } from "./support/kubeconfig.ts";

const run = promisify(execFile);

let copy: FreshCopy;
beforeAll(async () => {
  copy = await freshCopy();
});
afterAll(() => copy?.[Symbol.asyncDispose]());

/** Runs a command of a document as its reader's shell does. @throws Error with its output when it fails */
async function runCommand(command: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const options = { cwd: copy.path, env: { ...process.env, ...env }, timeout: 240_000, maxBuffer: 16 << 20 };
  return (await run("sh", ["-c", command], options)).stdout;
}

/** script/start in one of its forms, at ports that are free; ready when it says so. */
function openService(command: string, env: Readonly<Record<string, string>> = {}): Promise<RunningProcess> {
  return startProcess({
    name: command,
    command: "sh",
    args: ["-c", `exec env ${command}`], // Without a shell in between that a signal would end alone.
    cwd: copy.path,
    env: { PORT: "0", ...env },
    ready: { line: /^Ctrl-C stops all of it\.$/ },
    readyTimeoutMs: 120_000,
    stopTimeoutMs: 30_000,
  });
}

const apiOf = (service: RunningProcess) => /http:\/\/127\.0\.0\.1:\d+/.exec(textFromReady(service))?.[0] ?? "";

const textFromReady = (service: RunningProcess) => /^Ready\.[\s\S]*/m.exec(service.output.text())?.[0] ?? "";

test("the README's first minute: start the service, start a repl, ask for its job, the same from a terminal", async () => {
  const [start = "", order = "", ask = "", ...fromTerminal] = commandsFor("simulator");
  await using service = await openService(start);
  const here = (text: string) => text.replaceAll("http://127.0.0.1:3002", apiOf(service));
  expect(fits(here(blockOf("README.md", "Ready.")), textFromReady(service)), service.output.text()).toBe(true);

  const [accepted = "", status = ""] = blockOf("README.md", '{"jobId"')
    .replaceAll("e27eb1be-", "")
    .split(/\n(?=\{)/);
  const answer = await runCommand(here(order));
  expect(fits(accepted, answer), answer).toBe(true);
  const { jobId } = JSON.parse(answer) as { jobId: string };
  const asked = here(ask.replace("<jobId>", jobId));
  const hasEnded = async () => (JSON.parse(await runCommand(asked)) as JobStatus).finishedAt !== null;
  await waitFor(hasEnded, { what: "the job to end", timeoutMs: 60_000 });
  const ended = await runCommand(asked);
  expect(fits(status, ended), ended).toBe(true);

  for (const command of fromTerminal) await runCommand(command, { REPL_URL: apiOf(service) });
  expect(await service.stop()).toEqual({ code: 0, signal: null, leftovers: [] });
}, 180_000);

/** The commands of the documents with the programs that this repository has built in the PATH. */
async function environment(): Promise<Record<string, string>> {
  const where = async (tool: string) => (await run(join(ROOT, "tools", tool, "where"))).stdout.trim();
  const folders = [await where("testcluster"), dirname(await where("helm"))];
  return { PATH: [...folders, process.env["PATH"]].join(delimiter) };
}

/** What has to be there before a command, or to be undone after it, that its document says in words. */
const AROUND: Readonly<
  Record<string, { readonly before?: (env: Env) => unknown; readonly after?: (env: Env) => unknown }>
> = {
  "kubectl apply -k k8s/overlays/production": {
    before: ({ KUBECONFIG }) => installKinds(KUBECONFIG ?? ""),
  },
  "kubectl apply -k examples/per-user-namespaces": {
    // The chart makes the same objects.
    after: (env) => runCommand("kubectl delete -k examples/per-user-namespaces --timeout=90s", env),
  },
  "helm install repl-orchestrator k8s/chart --namespace repl-orchestrator --create-namespace --values my-values.yaml": {
    before: async () => {
      const values = await readFile(join(copy.path, "k8s/chart/ci/production-values.yaml"));
      await writeFile(join(copy.path, "my-values.yaml"), values);
    },
  },
};

type Env = Readonly<Record<string, string>>;

async function installKinds(kubeconfig: string): Promise<void> {
  const api = await openKubeconfig(kubeconfig);
  try {
    await installCustomKinds(api, [GATEWAY_API, KEDA, POD_MONITORS]);
  } finally {
    await api.close();
  }
}

const noHelm = await whyNoHelm();
describe.skipIf(missingTestCluster() ?? noHelm)("on script/cluster", () => {
  test("every command for a cluster does what its document says", { timeout: 600_000 }, async () => {
    const commands = commandsFor("cluster");
    const env = { ...(await environment()), KUBECONFIG: join(copy.path, ".cache/cluster/kubeconfig") };
    try {
      for (const command of commands) {
        await AROUND[command]?.before?.(env);
        if (command.includes("script/start")) await (await openService(command, env)).stop();
        else await runCommand(command, env);
        await AROUND[command]?.after?.(env);
      }
    } finally {
      await runCommand("script/cluster down", env);
    }
    expect(await runCommand("script/cluster status")).not.toContain("running");
  });
});

/** A shorter run of the same command, where the whole one takes minutes. */
const SHORTER: readonly (readonly [RegExp, string])[] = [
  // Names the tests that it would run; each of them is in this suite.
  [/^npx vitest run /, "npx vitest list --no-static-parse "],
  [/--schedules 1000/, "--schedules 3"],
];

test.each(commandsFor("tools"))("%s", { timeout: 240_000 }, async (command) => {
  const shorter = SHORTER.reduce((text, [long, short]) => text.replace(long, short), command);
  expect(await runCommand(shorter)).not.toBe("");
});
