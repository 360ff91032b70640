import { execFileSync, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";

/** A process of the control plane; kwok plays the node. */
export type ClusterPart = "etcd" | "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kwok";

/** The process id that `tools/testcluster/up` noted. */
export function pidOf(dataDir: string, part: ClusterPart): number {
  return Number(readFileSync(join(dataDir, `${part}.pid`), "utf8"));
}

/** SIGKILL; returns when the part is gone. What it returns starts it again, where `tools/testcluster/down` finds it. */
export async function killPart(dataDir: string, part: ClusterPart): Promise<() => void> {
  const pid = pidOf(dataDir, part);
  const argv = argumentsOf(pid);
  process.kill(pid, "SIGKILL");
  await waitFor(() => !isRunning(pid), { what: `${part} to be gone` });
  return () => startPart(dataDir, part, argv);
}

/** As `up` does: in a session of its own, within the data folder (etcd's sockets are relative paths), its output in the log. */
function startPart(dataDir: string, part: ClusterPart, [command = "", ...args]: readonly string[]): void {
  const log = openSync(join(dataDir, `${part}.log`), "a");
  const child = spawn(command, args, { cwd: dataDir, detached: true, stdio: ["ignore", log, log] });
  child.unref();
  closeSync(log);
  writeFileSync(join(dataDir, `${part}.pid`), `${child.pid}\n`);
}

/** Slim images have no `ps`; its answer is split at blanks, of which the arguments of these parts hold none. */
function argumentsOf(pid: number): string[] {
  if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  const line = execFileSync("ps", ["-ww", "-o", "args=", "-p", String(pid)], { encoding: "utf8" });
  return line.trim().split(" ");
}

/** A zombie has no arguments. */
function isRunning(pid: number): boolean {
  try {
    return argumentsOf(pid).some((argument) => argument !== "");
  } catch {
    return false;
  }
}
