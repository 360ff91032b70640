// Loaded before a program (`node --import`): at SIGWINCH, which nothing else listens to, it prints how many bytes of
// JavaScript objects the process has allocated so far. Optimized code allocates less, and when the engine optimizes what
// differs from run to run, so it is kept from it: what is left is what the code asks for.
import process from "node:process";
import { getHeapStatistics, setFlagsFromString } from "node:v8";

for (const compiler of ["sparkplug", "maglev", "opt"]) setFlagsFromString(`--no-${compiler}`);
process.on("SIGWINCH", () => {
  process.stdout.write(`{"allocatedBytes":${getHeapStatistics().total_allocated_bytes}}\n`);
});
