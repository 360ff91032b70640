// Prints "N passed, N failed[, N skipped]" from vitest's JSON reports, and exits 1 unless something passed in each of them and nothing failed.
import { readFileSync } from "node:fs";

function countsOf(path) {
  const report = JSON.parse(readFileSync(path, "utf8"));
  const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests, success } = report;
  // A file that fails outside of its tests has failed no test of its own, and an error outside of any file only clears `success`.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = Math.max(numFailedTests + brokenFiles, success ? 0 : 1);
  return { passed, failed, skipped: numPendingTests + numTodoTests };
}

const counts = process.argv.slice(2).map(countsOf);
const sum = (name) => counts.reduce((total, each) => total + each[name], 0);
const skipped = sum("skipped");
console.log(`${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = sum("failed") === 0 && counts.every(({ passed }) => passed > 0) ? 0 : 1;
