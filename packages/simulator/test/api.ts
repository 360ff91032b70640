import { expect, onTestFinished } from "vitest";
import { NO_DELAYS, type Simulator, type SimulatorOptions, startSimulator } from "../src/index.ts";

// biome-ignore lint/suspicious/noExplicitAny: the answers of the simulator are what these tests check
export type Json = any;

/** A simulator of one test's own, over plain HTTP and without delays, ended with the test. */
export async function simulatorFor(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ delays: NO_DELAYS, ...options });
  onTestFinished(() => simulator.close());
  return simulator;
}

export const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
export const PODS = "/api/v1/namespaces/default/pods";
export const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

export function ask(simulator: Simulator, method: string, path: string, body?: object, token = simulator.token) {
  return fetch(simulator.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "user-agent": "test/1" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

export const json = async (answer: Promise<Response>): Promise<Json> => (await answer).json();

/** A Deployment of one repl, with a copy step as the real template has. */
export const replDeployment = (repl: string, podSpec: object = {}) => ({
  metadata: { name: repl },
  spec: {
    selector: { matchLabels: { app: repl } },
    template: {
      metadata: { labels: { app: repl, "repl-orchestrator.dev/repl": repl } },
      spec: {
        initContainers: [{ name: "copy", image: "busybox:1" }],
        containers: [{ name: "main", image: "node:26", ...podSpec }],
      },
    },
  },
});

export async function create(simulator: Simulator, path: string, body: object): Promise<Json> {
  const answer = await ask(simulator, "POST", path, body);
  expect(answer.status, path).toBe(201);
  return answer.json();
}

/** Reads a watch line by line; ends it when the consumer stops. */
export async function* events(simulator: Simulator, path: string): AsyncGenerator<Json> {
  const abort = new AbortController();
  const answer = await fetch(`${simulator.url}${path}`, {
    headers: { authorization: `Bearer ${simulator.token}` },
    signal: AbortSignal.any([abort.signal, AbortSignal.timeout(10_000)]),
  });
  let rest = "";
  try {
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line);
    }
  } finally {
    abort.abort();
  }
}

/** The first object of a watch from the beginning that satisfies; fails after ten seconds. */
export async function first(simulator: Simulator, path: string, satisfies: (object: Json) => boolean): Promise<Json> {
  const glue = path.includes("?") ? "&" : "?";
  for await (const { type, object } of events(simulator, `${path}${glue}watch=true`))
    if (type !== "DELETED" && satisfies(object)) return object;
  throw new Error("the watch ended before anything satisfied");
}
