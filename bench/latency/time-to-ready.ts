import { type JobStatus, PHASES } from "@repl/contract";
import { openPlace } from "../../test/e2e/support/place.ts";
import { type Containers, changedTemplate } from "../../test/e2e/support/template.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "../frame/figure.ts";

/** How long a start takes from being accepted to a workspace that answers. */
export const timeToReady: Benchmark = {
  name: "time-to-ready",
  about:
    "accepted to answering on real pods with images on the node, phase by phase, and what the template's choices are worth",
  special: "real pods: script/cluster up --pods, then script/cluster exec npm run bench -- time-to-ready",
  uses: ["kubernetes"],
  run,
};

/** A program that takes its time before it listens, as most do that a user waits for. */
const slow = ({ runner }: Containers): void => {
  runner.command = ["sh", "-c", "sleep 2; exec node /app/runner.mjs"];
};

/** The product's template, and what it would cost to leave one of its choices out. */
const TEMPLATES: Readonly<Record<string, (containers: Containers) => void>> = {
  "service.yaml": () => {},
  "copy step's image asked for at each start": ({ copy }) => {
    delete copy.imagePullPolicy;
  },
  "runner listens after 2 s": slow,
  "runner listens after 2 s, probe every 10 s": (containers) => {
    slow(containers);
    containers.runner.readinessProbe.periodSeconds = 10;
  },
};

/** Milliseconds by phase, and `total`. */
type Timing = Readonly<Record<string, number>>;

async function run({ quick, say }: BenchContext): Promise<readonly Figure[]> {
  const starts = quick ? 2 : 5;
  const figures: Figure[] = [];
  for (const [name, change] of Object.entries(TEMPLATES)) {
    say(`${starts} starts of ${name}`);
    figures.push(...figuresOf(name, await measure(change, starts)));
  }
  return figures;
}

/** Starts and stops one repl after the other; the first start, which may have to pull images, is not counted. */
async function measure(change: (containers: Containers) => void, starts: number): Promise<readonly Timing[]> {
  await using template = await changedTemplate(change);
  await using place = await openPlace({ env: { TEMPLATE_PATH: template.path } });
  const timings: Timing[] = [];
  for (let number = 0; number <= starts; number += 1) {
    const replId = `bench-${number}`;
    await place.bucket.put(replId, { "index.html": "It runs.\n" });
    const status = await place.system.ended(await place.system.submit("start", replId), 120_000);
    if (status.state !== "completed") throw new Error(`${replId}: ${status.message}`);
    if (number > 0) timings.push(timingOf(status));
    await place.system.ended(await place.system.submit("stop", replId), 60_000);
  }
  return timings;
}

function timingOf({ phases, createdAt, finishedAt }: JobStatus): Timing {
  const byPhase: Record<string, number> = {};
  for (const { phase, durationMs } of phases) byPhase[phase] = (byPhase[phase] ?? 0) + (durationMs ?? 0);
  return { ...byPhase, total: Date.parse(finishedAt ?? "") - Date.parse(createdAt) };
}

function figuresOf(template: string, timings: readonly Timing[]): readonly Figure[] {
  const seen = new Set(timings.flatMap((timing) => Object.keys(timing)));
  return [...Object.keys(PHASES), "total"]
    .filter((phase) => seen.has(phase))
    .map((phase) => {
      const rounds = timings.map((timing) => timing[phase] ?? 0);
      return ofRounds(`${template}: ${phase}`, "ms", rounds);
    });
}
