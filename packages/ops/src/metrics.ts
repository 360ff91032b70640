import { collectDefaultMetrics, Registry } from "prom-client";

/** A registry that has the process's own metrics: CPU, memory, event loop, garbage collection. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
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
