import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const MODULE = fileURLToPath(new URL("../src/index.ts", import.meta.url));

test("what Node.js warns of is a line of the log like any other, and nothing else is written", async () => {
  const program = `
    import { createLog, logWarnings } from ${JSON.stringify(MODULE)};
    logWarnings(createLog({ process: "api", level: "info" }));
    setTimeout(() => {}, -5);
    process.emitWarning("soon gone", "DeprecationWarning", "DEP9999");`;
  const args = ["--input-type=module", "-e", program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  expect(stderr).toBe("");
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const shared = { level: "warn", process: "api", msg: "warning of Node.js" };
  expect(lines).toMatchObject([
    { ...shared, err: { name: "TimeoutNegativeWarning", message: expect.stringContaining("-5 is a negative number") } },
    { ...shared, err: { name: "DeprecationWarning", message: "soon gone", code: "DEP9999" } },
  ]);
});
