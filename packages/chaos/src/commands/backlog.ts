import { runBacklog } from "../proofs/backlog.ts";
import { openTarget } from "../target/target.ts";
import type { Command } from "./command.ts";

/** Starts beyond the limit. */
const MORE = 200;

/** Starts without a worker. */
export const backlog: Command = async ({ target: name, jobs }, say) => {
  await using target = await openTarget(name);
  const report = await runBacklog({ target, jobs, more: MORE, onProgress: (open) => say(`${open} wait or run`) });
  const { within, beyond, postMs, drainMs, apiBytes, redisBytes, ended } = report;
  say(`posted without a worker in ${seconds(postMs)} s: ${counts(within)}; beyond the limit: ${counts(beyond)}`);
  say(`api: ${megabytes(apiBytes)}; Redis: ${megabytes(redisBytes)}`);
  say(`worked off in ${seconds(drainMs)} s on the ${name}: ${counts(ended)}`);
  return within["202"] === jobs && beyond["503 queue_full"] === MORE && ended["completed"] === jobs;
};

const seconds = (ms: number) => Math.round(ms / 1_000);
const counts = (of: Readonly<Record<string, number>>) =>
  Object.entries(of)
    .map(([what, count]) => `${count} x ${what}`)
    .join(", ");
const megabytes = ([empty, full]: readonly [number, number]) =>
  `${Math.round(empty / 2 ** 20)} MiB empty, ${Math.round(full / 2 ** 20)} MiB full`;
