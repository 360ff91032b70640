import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Block, BlockMessage, BlockProcessOptions, ScheduleReport } from "./block.ts";
import { addSizes, NO_SIZE, type ScheduleSize } from "./schedule/schedule-size.ts";

/** Which schedules to run, and how. */
export interface CampaignOptions extends BlockProcessOptions, Block {
  /** Takes no further block after so long. */
  readonly minutes: number;
  readonly processes: number;
  /** Told of each schedule, in the order in which they end. */
  readonly onSchedule?: (report: ScheduleReport, soFar: CampaignResult) => void;
}

/** One schedule that failed. */
interface FailedSchedule {
  readonly seed: number;
  readonly violations: readonly string[];
}

/** What a campaign found. */
export interface CampaignResult {
  /** All of them from the first seed on, none left out. */
  readonly schedules: number;
  readonly seconds: number;
  /** Of all processes' cores, without their start. */
  readonly cpuSeconds: number;
  readonly failed: readonly FailedSchedule[];
  /** The seed at which the invariant that was looked for was broken. */
  readonly caughtAt: number | undefined;
  /** All schedules together. */
  readonly size: ScheduleSize;
}

/** Seeds that a process is given at once: few enough that none is waited for long at the end. */
const BLOCK_SIZE = 25;

const PROCESS = fileURLToPath(new URL("./block-process.ts", import.meta.url));
/** Nearly all that a schedule makes is garbage at its end: a large young generation, MiB, copies little of it. */
const MEMORY = ["--max-semi-space-size=64"];

/** Runs schedules in as many processes. @throws {Error} where a process cannot be started */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const campaign = new Campaign(options);
  await Promise.all(Array.from({ length: options.processes }, () => campaign.runProcess()));
  return campaign.result;
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #beganAt = performance.now();
  readonly #failed: FailedSchedule[] = [];
  readonly #running = new Set<ChildProcess>();
  #next: number;
  #ran = 0;
  #cpuSeconds = 0;
  #size = NO_SIZE;
  #caughtAt: number | undefined;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#next = options.seed;
  }

  get result(): CampaignResult {
    return {
      schedules: this.#ran,
      seconds: this.#seconds,
      cpuSeconds: this.#cpuSeconds,
      failed: this.#failed.toSorted((left, right) => left.seed - right.seed),
      caughtAt: this.#caughtAt,
      size: this.#size,
    };
  }

  get #seconds(): number {
    return (performance.now() - this.#beganAt) / 1_000;
  }

  /** Has blocks run until there is none left. A process that an error ended is followed by another one. */
  async runProcess(): Promise<void> {
    let left: Block | undefined = this.#take();
    while (left !== undefined) left = (await this.#runChild(left)) ?? this.#take();
  }

  /** The next block of seeds. */
  #take(): Block | undefined {
    const { seed, schedules, minutes, processes } = this.#options;
    const isOver = this.#caughtAt !== undefined || this.#seconds > minutes * 60;
    const count = Math.min(BLOCK_SIZE, Math.ceil(schedules / processes), seed + schedules - this.#next);
    if (isOver || count <= 0) return undefined;
    const block = { seed: this.#next, schedules: count };
    this.#next += count;
    return block;
  }

  /**
   * Has one process run blocks, the given one first.
   * @returns what is left of its block where an error ended it
   */
  async #runChild(first: Block): Promise<Block | undefined> {
    const { broken, until, hashes } = this.#options;
    const options: BlockProcessOptions = { broken, until, hashes };
    const child = fork(PROCESS, [JSON.stringify(options)], { execArgv: MEMORY });
    this.#running.add(child);
    let isReady = false;
    let block: Block | undefined = first;
    child.on("message", (message: BlockMessage) => {
      if (message.type === "schedule") {
        block = after(block, message.report.seed);
        this.#note(message.report);
        return;
      }
      if (message.type === "end") block = this.#take();
      isReady = true;
      if (block === undefined) child.disconnect();
      else child.send(block);
    });
    // All that it said has been read once the channel is closed.
    await Promise.all([once(child, "disconnect"), once(child, "exit")]);
    this.#running.delete(child);
    if (this.#caughtAt !== undefined) return undefined;
    if (!isReady) throw new Error("a process that runs schedules could not be started");
    return block && this.#endedAt(block);
  }

  /** An error that nobody caught is a violation as well, at the first seed of which nothing was said. */
  #endedAt(block: Block): Block | undefined {
    this.#note({ seed: block.seed, violations: ["an error ended the process"], size: NO_SIZE, cpuSeconds: 0 });
    return after(block, block.seed);
  }

  #note(report: ScheduleReport): void {
    const { seed, violations, size } = report;
    if (this.#caughtAt !== undefined) return;
    this.#ran += 1;
    this.#size = addSizes(this.#size, size);
    this.#cpuSeconds += report.cpuSeconds;
    if (violations.length > 0) this.#failed.push({ seed, violations });
    this.#options.onSchedule?.(report, this.result);
    const { until } = this.#options;
    if (until === undefined || !violations.some((sentence) => sentence.startsWith(`${until}: `))) return;
    this.#caughtAt = seed;
    for (const child of this.#running) child.kill();
  }
}

/** What comes after a seed of a block. */
function after(block: Block | undefined, seed: number): Block | undefined {
  if (block === undefined) return undefined;
  const schedules = block.seed + block.schedules - seed - 1;
  return schedules > 0 ? { seed: seed + 1, schedules } : undefined;
}
