import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Linux counts processor time in ticks of 10 ms (USER_HZ). */
const TICK_MS = 10;

/** Counted before this process is held to some of them, since it then counts those alone. */
const PROCESSORS = availableParallelism();

/** Processor time that a process and its threads have used so far, in ms. Linux only. */
export function cpuMs(pid: number): number {
  const { own } = timesOf(pid);
  return own;
}

/** The same with all processes that it has started, and those that they have, ended ones included. Linux only. */
export function familyCpuMs(pid: number): number {
  try {
    const { own, endedChildren } = timesOf(pid);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    return children.reduce((sum, child) => sum + familyCpuMs(Number(child)), own + endedChildren);
  } catch {
    return 0; // It has ended meanwhile: its parent has its time.
  }
}

function timesOf(pid: number): { readonly own: number; readonly endedChildren: number } {
  // The second field is the command in parentheses and may hold spaces; utime, stime, cutime and cstime are the 14th to 17th.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const [user = Number.NaN, system = Number.NaN, childrenUser = 0, childrenSystem = 0] = fields
    .slice(11, 15)
    .map(Number);
  return { own: (user + system) * TICK_MS, endedChildren: (childrenUser + childrenSystem) * TICK_MS };
}

/** Memory of a process that is not shared with others' files (RssAnon), in MB. Linux only. */
export function memoryMb(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, "utf8").match(/RssAnon:\s+(\d+) kB/);
  return Number(line?.[1]) / 1024;
}

/**
 * Holds a process to the first processor (what is measured) or to the others (load and servers), so that one does not
 * take the other's time. Nothing happens where there is only one.
 */
export function pin(pid: number, to: "measured" | "rest"): void {
  const last = PROCESSORS - 1;
  if (last < 1) return;
  execFileSync("taskset", ["-a", "-c", "-p", to === "measured" ? "0" : `1-${last}`, String(pid)], { stdio: "ignore" });
}

/** The most memory that a process ever had in use, its files included (VmHWM), in MB. Linux only. */
export function peakMemoryMb(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmHWM:\s+(\d+) kB/);
  return Number(line?.[1]) / 1024;
}
