import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const MOST_OUTPUT = 64 * 1024 * 1024;

/** What a campaign prints with `--json`. */
export interface Campaign {
  readonly schedules: number;
  readonly failed: readonly { readonly seed: number; readonly violations: readonly string[] }[];
  readonly caughtAt?: number;
}

/**
 * Runs the simulation in a process of its own: it replaces clocks and timers, which the tests' own process needs.
 * @returns the lines it printed; the exit code says only whether something failed
 */
export async function simulate(...args: string[]): Promise<string[]> {
  const run = promisify(execFile)(process.execPath, [MAIN, ...args], { maxBuffer: MOST_OUTPUT });
  const { stdout } = await run.catch((error: { code: unknown; stdout: string; stderr: string }) => {
    if (error.code === 1) return error;
    throw new Error(error.stderr);
  });
  return stdout.trimEnd().split("\n");
}

/** As {@link simulate}, for what is printed with `--json`. */
export async function campaign(...args: string[]): Promise<Campaign> {
  return JSON.parse((await simulate("--json", ...args)).at(-1) ?? "") as Campaign;
}
