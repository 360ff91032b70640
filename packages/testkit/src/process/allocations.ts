import { waitFor } from "../wait-for.ts";
import type { RunningProcess } from "./start-process.ts";

const REPORT = new URL("./report-allocations.ts", import.meta.url).href;

/** With this in its environment a Node.js process can be asked for its `allocatedBytes`. It runs without optimized code. */
export const COUNTS_ALLOCATIONS: Readonly<Record<string, string>> = { NODE_OPTIONS: `--import=${REPORT}` };

/** Bytes of JavaScript objects that a process has allocated since it began, collected ones included. */
export async function allocatedBytes({ kill, output }: RunningProcess): Promise<number> {
  const reports = () => output.lines().filter((line) => line.startsWith('{"allocatedBytes":'));
  const before = reports().length;
  kill("SIGWINCH");
  await waitFor(() => reports().length > before, { what: "the process to say what it has allocated" });
  return (JSON.parse(reports().at(-1) ?? "") as { readonly allocatedBytes: number }).allocatedBytes;
}
