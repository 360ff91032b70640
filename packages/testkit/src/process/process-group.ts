import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** One process as the system lists it. */
interface Listed {
  readonly pid: number;
  readonly group: number;
  readonly state: string;
  readonly command: string;
}

/** Members of a process group that still run, as "pid command"; zombies hold nothing and do not count. */
export function groupMembers(group: number): string[] {
  const listed = process.platform === "linux" ? listProc() : listPs();
  return listed.filter((p) => p.group === group && !p.state.startsWith("Z")).map((p) => `${p.pid} ${p.command}`);
}

/** Sends a signal to every process of a group; false when there is none. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Slim images have no `ps`, so Linux is asked directly. */
function listProc(): Listed[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProc(Number(name)));
}

function readProc(pid: number): Listed[] {
  try {
    // proc(5): "pid (comm) state ppid pgrp …"; comm may itself hold blanks and parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return [{ pid, group: Number(group), state, command }];
  } catch {
    return []; // It ended meanwhile.
  }
}

function listPs(): Listed[] {
  const table = execFileSync("ps", ["-A", "-ww", "-o", "pid=,pgid=,stat=,command="], { encoding: "utf8" });
  return [...table.matchAll(/^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/gm)].map(([, pid, group, state = "", command = ""]) => ({
    pid: Number(pid),
    group: Number(group),
    state,
    command,
  }));
}
