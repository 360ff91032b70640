import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import type { SimulatedBuild } from "./broken/broken-build.ts";
import { BROKEN_BUILDS } from "./broken/broken-builds.ts";
import { REAL_BUILDS } from "./broken/real-builds.ts";
import { type CampaignResult, runCampaign } from "./campaign.ts";
import { buildNamed, prepareProcess } from "./prepare-process.ts";
import { createProgress, summaryOf } from "./progress.ts";
import type { Plan } from "./schedule/plan.ts";

const HELP = `Runs schedules of the whole service in virtual time, each decided by its seed.

  --schedules N   how many (1000)
  --seed S        the first seed; the others follow it (1)
  --minutes M     ends earlier after so long
  --processes N   how many of them run schedules (the number of cores; with --broken 1)
  --replay S      shows one seed in full
  --shrink S      as --replay, with all left out that the failure does not need
  --plan FILE     as --replay, with a plan that was written down (JSON, as --replay shows it)
  --broken NAME   with a build that is wrong on purpose; ends when it is caught
  --list          names the broken builds, those last that show in real processes alone
  --hashes        shows the hash of each history
  --json          the result as a JSON object, and nothing else
`;

const write = (line: string) => process.stdout.write(`${line}\n`);

/** A whole number from 1 on. @throws {RangeError} naming the option */
function count(name: string, text: string | undefined, otherwise: number): number {
  const number = Number(text ?? otherwise);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new RangeError(`--${name} must be a whole number from 1 on, not ${text}`);
}

function readArguments() {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    options: {
      ...{ schedules: text, seed: text, minutes: text, processes: text },
      ...{ replay: text, shrink: text, plan: text, broken: text },
      ...{ list: flag, json: flag, hashes: flag, help: flag },
    },
  });
  return values;
}

type Arguments = ReturnType<typeof readArguments>;

async function main(): Promise<number> {
  const values = readArguments();
  if (values.help) write(HELP);
  if (values.list) list();
  if (values.help || values.list) return 0;
  const build = buildNamed(values.broken);
  const isReplay = values.replay !== undefined || values.shrink !== undefined || values.plan !== undefined;
  return isReplay ? show(values) : run(values, build);
}

function list(): void {
  for (const { breaks, name } of BROKEN_BUILDS) write(`${breaks} ${name}`);
  for (const { breaks, name } of REAL_BUILDS) write(`${breaks} ${name} (real processes)`);
}

/** One schedule in full, in this process. */
async function show({ broken, plan: file, replay: seed, shrink }: Arguments): Promise<number> {
  prepareProcess(broken);
  // Not imported before: what it imports must meet what was put in place for it.
  const { replay, replaySmallest } = await import("./replay.ts");
  if (file !== undefined) {
    const plan = JSON.parse(readFileSync(file, "utf8")) as Plan;
    return (await replay(plan.seed, write, plan)) ? 0 : 1;
  }
  if (seed !== undefined) return (await replay(count("replay", seed, 1), write)) ? 0 : 1;
  return (await replaySmallest(count("shrink", shrink, 1), write)) ? 0 : 1;
}

/** Many schedules, in processes of their own. */
async function run(values: Arguments, build: SimulatedBuild | undefined): Promise<number> {
  const schedules = count("schedules", values.schedules, 1_000);
  const showProgress = createProgress(schedules, (line) => process.stderr.write(`${line}\n`));
  const isQuiet = build !== undefined || values.json;
  const result = await runCampaign({
    seed: count("seed", values.seed, build?.seed ?? 1),
    schedules,
    minutes: count("minutes", values.minutes, 24 * 60),
    processes: count("processes", values.processes, build === undefined ? availableParallelism() : 1),
    broken: build?.name,
    until: build?.breaks,
    hashes: values.hashes,
    onSchedule({ seed, hash, violations }, soFar) {
      if (hash !== undefined) write(`${seed} ${hash}`);
      if (isQuiet) return;
      for (const sentence of violations) write(`seed ${seed} breaks ${sentence}`);
      showProgress(soFar);
    },
  });
  write(values.json ? JSON.stringify(result) : summaryOf(result));
  return isRight(result, build) ? 0 : 1;
}

const isRight = ({ failed, caughtAt }: CampaignResult, build: SimulatedBuild | undefined) =>
  build === undefined ? failed.length === 0 : caughtAt !== undefined;

try {
  process.exitCode = await main();
} catch (error) {
  const isForTheUser =
    error instanceof RangeError || (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`simulate: ${isForTheUser ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = 2;
}
