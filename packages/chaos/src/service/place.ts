import { type LoopBlock, ProcessError, type ProcessExit, type RunningProcess } from "@repl/testkit";

/**
 * What happens to the process in a place. It has `crashed` where we killed it, `ended` where we told it to and it did so in
 * order; in any other way it has `died`.
 */
export type Change = "started" | "crashed" | "frozen" | "thawed" | "ending" | "ended" | "died";

/** How the process of a place is started, and who is told what happens to it. */
export interface PlaceOptions {
  readonly name: string;
  readonly start: () => Promise<RunningProcess>;
  /** What its processes are started with. */
  readonly loop: LoopBlock;
  /** `how` is told of a death. */
  readonly onChange: (process: string, change: Change, how?: string) => void;
}

/** A place for one process of the service: when its process has gone, another one takes it. */
export class Place {
  readonly #options: PlaceOptions;
  #lives = 0;
  #process: RunningProcess | undefined;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(options: PlaceOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** The process in it, as the history names it. */
  get life(): string {
    return `${this.name}/${this.#lives}`;
  }

  get process(): RunningProcess | undefined {
    return this.#process;
  }

  /** Starts a process where there is none; waits until it is ready. */
  fill(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#process !== undefined) return;
      this.#lives += 1;
      this.#tell("started");
      const { life } = this;
      const process = await this.#options.start().catch((error: unknown) => this.#failed(error, life));
      this.#process = process;
      void process.exited.then((exit) => this.#gone(process, exit, life));
    });
  }

  /** SIGKILL, once it has started; resolves when it is gone. False where there was none. */
  async kill(): Promise<boolean> {
    await this.#busy; // A worker takes jobs, and may meet its fault, before it is known to be ready.
    const { life } = this;
    const process = this.#process;
    if (process === undefined) return false;
    this.#process = undefined;
    process.kill("SIGKILL");
    const exit = await process.exited;
    await this.#options.loop.release();
    if (exit.signal === "SIGKILL") this.#tell("crashed", life);
    else this.#tell("died", life, wayOf(exit)); // It was quicker.
    return true;
  }

  /** SIGSTOP until `thaw`. */
  freeze(): void {
    if (this.#process === undefined) return;
    this.#process.kill("SIGSTOP");
    this.#tell("frozen");
  }

  thaw(): void {
    if (this.#process === undefined) return;
    this.#process.kill("SIGCONT");
    this.#tell("thawed");
  }

  /** Its event loop stands still until `unblock`, while its sockets and other threads live on. */
  async block(): Promise<void> {
    if (this.#process === undefined) return;
    this.#tell("frozen");
    await this.#options.loop.block(this.#process);
  }

  async unblock(): Promise<void> {
    await this.#options.loop.release();
    if (this.#process !== undefined) this.#tell("thawed");
  }

  /** SIGTERM; resolves when it is gone. */
  async end(): Promise<ProcessExit | undefined> {
    const { life } = this; // Another one may have taken its place before it is gone.
    const process = this.#process;
    if (process === undefined) return undefined;
    this.#process = undefined;
    this.#tell("ending", life);
    const exit = await process.stop();
    if (exit.code === 0) this.#tell("ended", life);
    else this.#tell("died", life, `${wayOf(exit)} after it was told to end`);
    return exit;
  }

  /** Kills it and starts another one. */
  async replace(): Promise<void> {
    await this.kill();
    await this.fill();
  }

  /** One at a time: a place that is being filled is not filled twice. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#busy.then(work);
    this.#busy = turn.catch(() => {});
    await turn;
  }

  /** Its port is free between two processes, and may be somebody else's by the time of the second: no fault of its own. */
  #failed(error: unknown, life: string): never {
    const isOurs = !(error instanceof ProcessError) || !error.message.includes("EADDRINUSE");
    if (isOurs) this.#tell("died", life, error instanceof ProcessError ? error.summary : String(error));
    throw error;
  }

  /** Whoever ends a process takes it out of its place first. */
  #gone(process: RunningProcess, exit: ProcessExit, life: string): void {
    if (this.#process !== process) return;
    this.#process = undefined;
    this.#tell("died", life, `${wayOf(exit)} by itself`);
  }

  #tell(change: Change, life = this.life, how?: string): void {
    this.#options.onChange(life, change, how);
  }
}

const wayOf = ({ code, signal }: ProcessExit): string => signal ?? `code ${code}`;
