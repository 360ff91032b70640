import { execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const MODULE = fileURLToPath(new URL("../src/index.ts", import.meta.url));
const LINES = 2_000;

/** A process that logs many lines and then does this. */
function argumentsOf(end: string): string[] {
  const program = `
    import { createLog } from ${JSON.stringify(MODULE)};
    const log = createLog({ process: "api", level: "info" });
    for (let n = 0; n < ${LINES}; n += 1) log.info({ n }, "line");
    ${end}`;
  return ["--input-type=module", "-e", program];
}

/** The numbers of all lines that are complete. */
function numbersIn(output: string): number[] {
  return output
    .split("\n")
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { n: number }).n);
}

const ALL = Array.from({ length: LINES }, (_, n) => n);

test.each([
  ["by itself", ""],
  ["by process.exit", "process.exit(3);"],
  ["by process.exit a moment later", "setTimeout(() => process.exit(3), 5);"],
  ["with an error that nobody caught", "throw new Error('unforeseen');"],
  ["after a fatal line", `log.fatal({ n: ${LINES} }, "the end"); process.kill(process.pid, "SIGKILL");`],
])("all lines are written by a process that ends %s", async (_how, end) => {
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(process.execPath, argumentsOf(end), { maxBuffer: 1 << 24 }, (_error, output) => resolve(output));
  expect(numbersIn(await promise).slice(0, LINES)).toEqual(ALL);
});

test("lines are written soon, without others that push them out", async () => {
  const child = spawn(process.execPath, argumentsOf("setInterval(() => {}, 60_000);"), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (numbersIn(text).length === LINES) break;
  }
  child.kill("SIGKILL");
  expect(numbersIn(text)).toEqual(ALL);
});
