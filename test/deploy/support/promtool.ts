import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "@repl/testkit";

const run = promisify(execFile);

/** Why Prometheus cannot say what a rule fires on, in one sentence; undefined when it can. */
export function whyNoPromtool(): string | undefined {
  return findProgram("promtool") === undefined
    ? "promtool is missing: install it (Debian: apt-get install prometheus)"
    : undefined;
}

/** An alert as Prometheus tests one: what it knows, a sample a minute, and which alerts that rule then fires. */
export interface AlertTest {
  /** Series and their samples in Prometheus' short form, such as `0+10x30`. */
  readonly series: Readonly<Record<string, string>>;
  readonly alert: string;
  readonly atMinute: number;
  readonly fires: readonly { readonly labels: object; readonly annotations: object }[];
}

/** Has Prometheus evaluate the rules of a file, each minute. @throws Error with what differs */
export async function testAlert(rules: string, { series, alert, atMinute, fires }: AlertTest): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "promtool-"));
  const test = {
    interval: "1m",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      {
        eval_time: `${atMinute}m`,
        alertname: alert,
        exp_alerts: fires.map(({ labels, annotations }) => ({ exp_labels: labels, exp_annotations: annotations })),
      },
    ],
  };
  const path = join(folder, "test.json"); // Which is YAML too.
  try {
    await writeFile(path, JSON.stringify({ rule_files: [rules], evaluation_interval: "1m", tests: [test] }));
    await run("promtool", ["test", "rules", path]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
