import { spawn } from "node:child_process";

/**
 * Runs a command when this process ends without having released the guard, however it ends (SIGKILL included): a
 * shell in a process group of its own waits on a pipe that the system closes with us.
 * @param command program and arguments; shell builtins work.
 * @returns releases the guard.
 */
export function guard(...command: readonly string[]): () => void {
  const script = 'read -r word; [ "$word" = released ] || "$@"';
  const shell = spawn("sh", ["-c", script, "guard", ...command], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ignore = (): void => {}; // Without a shell there is no guard; whoever started the thing still stops it.
  shell.on("error", ignore);
  shell.stdin.on("error", ignore);
  shell.unref();
  if ("unref" in shell.stdin && typeof shell.stdin.unref === "function") shell.stdin.unref();
  return () => shell.stdin.end("released\n");
}

/** Kills a process group with us; release it once the group is gone, since its number may then be given to another. */
export function guardGroup(group: number): () => void {
  return guard("kill", "-s", "KILL", "--", `-${group}`);
}
