import {
  ApiError,
  createClient,
  type JobStatus,
  placeText,
  type ReplClient,
  type ReplStatus,
} from "repl-orchestrator-client";
import type { Command } from "./command.ts";
import { EXIT } from "./exit-code.ts";
import { createProgress, NO_PROGRESS, type Screen } from "./progress.ts";
import { endLines, replLine } from "./words.ts";

/** The outside world of one command. */
export interface Surroundings {
  /** The result. */
  readonly out: { write(text: string): unknown };
  /** Progress. */
  readonly screen: Screen;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/**
 * Does what was typed.
 * @returns the exit code
 * @throws ApiError, ConnectionError
 */
export async function runCommand(command: Command, surroundings: Surroundings): Promise<number> {
  const client = createClient({ baseUrl: command.url, token: command.token });
  const print = (json: unknown, lines: readonly string[]) => {
    surroundings.out.write(`${command.json ? JSON.stringify(json, undefined, 2) : lines.join("\n")}\n`);
  };
  const run: Run = { command, client, surroundings, print };
  if (command.does === "list") return list(run);
  if (command.does === "status") return status(run);
  return order(run, command.does);
}

interface Run {
  readonly command: Command;
  readonly client: ReplClient;
  readonly surroundings: Surroundings;
  /** Prints one result, in the one form or the other. */
  readonly print: (json: unknown, lines: readonly string[]) => void;
}

async function order({ command, client, surroundings, print }: Run, kind: "start" | "stop"): Promise<number> {
  const { replId, userId } = command;
  const { signal } = surroundings;
  const accepted = await client[kind](replId, { userId, signal });
  if (!command.wait) {
    const news = accepted.joined ? `was under way already` : `has been accepted`;
    print(accepted, [`the ${kind} of ${replId} ${news}: job ${accepted.jobId}`, pickUp(command)]);
    return EXIT.done;
  }
  return follow({ command, client, surroundings, print }, accepted.jobId);
}

async function follow({ command, client, surroundings, print }: Run, jobId: string): Promise<number> {
  const { screen, signal } = surroundings;
  const progress = command.json ? NO_PROGRESS : createProgress(screen);
  let last: JobStatus | undefined;
  try {
    for await (const now of client.follow(jobId, { signal })) {
      last = now;
      progress.show(now);
    }
  } catch (error) {
    progress.end();
    if (!signal.aborted) throw error;
    screen.write(`The ${last?.kind ?? "job"} of ${command.replId} goes on. ${pickUp(command)}\n`);
    return EXIT.interrupted;
  }
  progress.end();
  if (last === undefined) return EXIT.failed;
  print(last, endLines(last));
  return last.state === "completed" ? EXIT.done : EXIT.failed;
}

async function status(run: Run): Promise<number> {
  const { command, client, surroundings, print } = run;
  const { signal } = surroundings;
  const repl = await client.repl(command.replId, { signal });
  // Jobs are kept for a while only.
  if (command.wait && repl.job.state !== null) return follow(run, repl.job.jobId);
  const job = await latestJob(client, repl, signal);
  const underWay =
    job !== undefined && job.finishedAt === null
      ? [`  ${job.progress} %  ${job.phase}: ${job.message}${placeText(job)}`]
      : [];
  const reason = repl.state === "failed" && job !== undefined ? endLines(job).slice(1) : [];
  print({ ...repl, job: job ?? repl.job }, [replLine(repl, Date.now()), ...underWay, ...reason]);
  return EXIT.done;
}

async function latestJob(client: ReplClient, { job }: ReplStatus, signal: AbortSignal): Promise<JobStatus | undefined> {
  try {
    return await client.job(job.jobId, { signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

async function list({ command, client, surroundings, print }: Run): Promise<number> {
  const repls = await client.repls({ userId: command.userId, signal: surroundings.signal });
  const nameColumns = Math.max(0, ...repls.map(({ replId }) => replId.length));
  const nowMs = Date.now();
  print(repls, repls.length === 0 ? ["no repls yet"] : repls.map((repl) => replLine(repl, nowMs, nameColumns)));
  return EXIT.done;
}

function pickUp({ replId, url }: Command): string {
  const where = url === "http://127.0.0.1:3002" ? "" : ` --url ${url}`;
  return `Pick it up: npm run repl -- status ${replId} --wait${where}`;
}
