import { describeKubernetesConformance } from "@repl/testkit/conformance";
import { afterAll, beforeAll } from "vitest";
import { NO_DELAYS, type Simulator, startSimulator } from "../src/index.ts";

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator({ tls: true, delays: NO_DELAYS });
});
afterAll(() => simulator.close());

describeKubernetesConformance("the simulator", async () => ({
  url: simulator.url,
  token: simulator.token,
  readyTimeoutMs: 10_000,
  ...(simulator.ca === undefined ? {} : { ca: simulator.ca }),
}));
