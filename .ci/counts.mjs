// Prints "N passed, N failed[, N skipped]" from vitest's JSON report, and exits 1 unless something passed and nothing failed.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests, success } = report;
// A file that fails outside of its tests has failed no test of its own, and an error outside of any file only clears `success`.
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
).length;
const failed = Math.max(numFailedTests + brokenFiles, success ? 0 : 1);
const skipped = numPendingTests + numTodoTests;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
