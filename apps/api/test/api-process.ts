import { fileURLToPath } from "node:url";
import { type RunningProcess, startProcess } from "@repl/testkit";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** How to start the api. */
export const API = { name: "api", command: globalThis.process.execPath, args: [MAIN] } as const;

/** The api as it is deployed: a process of its own. */
export interface ApiProcess extends AsyncDisposable {
  readonly process: RunningProcess;
  /** `http://127.0.0.1:port` of the public and of the operators' port. */
  readonly base: string;
  readonly ops: string;
  /** Every line of its output, parsed; throws where one is not JSON. */
  logged(): Record<string, unknown>[];
}

/** Starts main.ts on free ports; ready when it listens. */
export async function startApiProcess(env: Record<string, string>): Promise<ApiProcess> {
  const process = await startProcess({
    ...API,
    env: { PORT: "0", OPS_PORT: "0", ...env },
    ready: { line: /"port":(\d+).*"opsPort":(\d+).*"msg":"listening"/ },
  });
  const [, port, opsPort] = process.ready ?? [];
  return {
    process,
    base: `http://127.0.0.1:${port}`,
    ops: `http://127.0.0.1:${opsPort}`,
    logged: () => process.output.lines().map((line) => JSON.parse(line)),
    [Symbol.asyncDispose]: async () => void (await process.stop()),
  };
}

/** Runs main.ts until it ends by itself. */
export async function runApiProcess(env: Record<string, string>) {
  const startedAt = performance.now();
  const process = await startProcess({ ...API, env });
  const exit = await process.exited;
  return { exit, output: process.output.text(), ms: performance.now() - startedAt };
}

/** Sends a start as a back end would. */
export function postStart(base: string, replId: string): Promise<Response> {
  const body = JSON.stringify({ replId });
  return fetch(`${base}/start`, { method: "POST", headers: { "content-type": "application/json" }, body });
}
