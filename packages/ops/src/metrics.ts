import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { readBuild } from "./build.ts";

/** How often the delay of the event loop is sampled. Each sample wakes the process: at prom-client's 10 ms that was nearly all an idle one did. */
const LOOP_SAMPLE_MS = 100;

/** A registry that has the process's own metrics: CPU, memory, event loop, garbage collection, and which version it is. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS });
  const { version, commit = "" } = readBuild();
  const build = new Gauge({
    name: "repl_build_info",
    help: "1, with the version of the service and the commit that its image was built of.",
    labelNames: ["version", "commit"],
    registers: [registry],
  });
  build.set({ version, commit }, 1);
  return registry;
}

/**
 * Every combination of some labels' values, for a metric's first values: a series that appears only with its first
 * event hides that event from Prometheus' `increase`.
 */
export function combinations<Label extends string>(
  labels: Readonly<Record<Label, readonly string[]>>,
): Record<Label, string>[] {
  const names = Object.keys(labels) as Label[];
  return names.reduce<Record<Label, string>[]>(
    (found, name) => found.flatMap((one) => labels[name].map((value) => ({ ...one, [name]: value }))),
    [{} as Record<Label, string>],
  );
}
