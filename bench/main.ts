// Runs the benchmarks and prints their figures; see USAGE.
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { BENCHMARKS } from "./benchmarks.ts";
import { type Benchmark, isReached } from "./frame/figure.ts";
import { table } from "./frame/table.ts";
import { flameGraph } from "./report/flame.ts";
import { readProfile } from "./report/profile.ts";
import { report } from "./report/report.ts";
import { describeMachine, describeSources, FOLDER, type Result, saveResult } from "./report/results.ts";

const USAGE = `usage: npm run bench -- [NAME...] [--quick] [--strict] [--save] [--profile] [--json FILE]
       npm run bench -- --list
       npm run bench -- report
  NAME       benchmarks to run; all that need nothing special where left out
  --quick    fewer and shorter rounds, for a look
  --strict   end with 1 where a limit is missed
  --save     keep the results in docs/performance, for the report
  --profile  profile what is measured and draw flame graphs into docs/performance; the figures are then not to be used
  --json     write the results there
  report     draw the kept results and put their tables into docs/performance.md
`;

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

async function measure({ name, about, uses, run }: Benchmark): Promise<Result> {
  process.stdout.write(`\n${name}: ${about}\n`);
  const profiles = options.profile ? await mkdtemp(join(tmpdir(), "profiles-")) : undefined;
  const nodeArgs = profiles === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profiles}`];
  const say = (line: string) => process.stderr.write(`  … ${line}\n`);
  const figures = await run({ quick: options.quick, nodeArgs, say });
  process.stdout.write(`${table(figures)}\n`);
  if (profiles !== undefined) await drawProfiles(name, profiles);
  const command = `npm run bench -- ${name}${options.quick ? " --quick" : ""}`;
  return { name, about, command, machine: describeMachine(uses), ...describeSources(), figures };
}

async function drawProfiles(name: string, folder: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  for (const [index, file] of (await readdir(folder)).sort().entries()) {
    const path = join(FOLDER, `flame-${name}${index === 0 ? "" : `-${index + 1}`}.svg`);
    await writeFile(path, flameGraph(await readProfile(join(folder, file)), `${name}: where its time at work goes`));
    process.stdout.write(`  flame graph: ${path}\n`);
  }
  await rm(folder, { recursive: true });
}

async function runBenchmarks(): Promise<void> {
  const chosen = BENCHMARKS.filter(({ name, special }) => (names.length > 0 ? names.includes(name) : !special));
  const results: Result[] = [];
  for (const benchmark of chosen) {
    const result = await measure(benchmark);
    results.push(result);
    if (options.save) await saveResult(result);
  }
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  const missed = results.flatMap(({ figures }) => figures.filter((figure) => !isReached(figure)));
  if (missed.length > 0)
    process.stdout.write(`\n${missed.length} limits missed: ${missed.map(({ name }) => name).join("; ")}\n`);
  if (options.strict && missed.length > 0) process.exitCode = 1;
}

const unknown = names.filter((name) => name !== "report" && !BENCHMARKS.some((benchmark) => benchmark.name === name));
if (options.help) process.stdout.write(USAGE);
else if (unknown.length > 0) {
  const known = BENCHMARKS.map(({ name }) => name).join(", ");
  process.stderr.write(`unknown: ${unknown.join(", ")}; there are ${known}\n${USAGE}`);
  process.exitCode = 2;
} else if (options.list) {
  for (const { name, about } of BENCHMARKS) process.stdout.write(`${name.padEnd(16)} ${about}\n`);
} else if (names.includes("report")) {
  process.stdout.write(`drawn: ${(await report()).join(", ")}\n`);
} else await runBenchmarks();
