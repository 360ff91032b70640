import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string) => readFileSync(`${ROOT}/${path}`, "utf8");

const METRIC = /\b(?:repl|kube|http)_[a-z_]+\b/g;
const SOURCES = ["apps/api/src/metrics/*.ts", "apps/worker/src/worker-metrics.ts"];

test.each(["docs/monitoring/alerts.yaml", "docs/monitoring/grafana-dashboard.json"])(
  "%s asks for metrics that there are",
  (path) => {
    const sources = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
      .map(read)
      .join("\n");
    const known = new Set([...sources.matchAll(/"((?:repl|kube|http)_[a-z_]+)"/g)].map(([, name]) => name));
    const asked = [...read(path).matchAll(METRIC)].map(([name]) => name.replace(/_(bucket|count|sum)$/, ""));
    expect(new Set(asked).size).toBeGreaterThan(5);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  },
);
