// Asks the registry for known weaknesses of the packages that are shipped (npm audit). Ends with 1 when there is one of
// severity high or critical, with 0 and the reason when the registry does not answer such questions, as mirrors may not.
import { execFileSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";

const GRAVE = new Set(["high", "critical"]);

/** What npm's JSON report comes to: lines for a person, and whether the check failed. */
export function judge(report) {
  if (report.vulnerabilities === undefined) {
    const why = report.message ?? report.error?.summary ?? "no report";
    return {
      failed: false,
      lines: [`skipped: npm audit: the registry does not answer it (${why.trim().split("\n")[0]})`],
    };
  }
  const all = Object.values(report.vulnerabilities);
  const lines = all.map(({ name, severity, range }) => `${severity}: ${name} ${range}`);
  return {
    failed: all.some(({ severity }) => GRAVE.has(severity)),
    lines: [...lines, `npm audit: ${all.length} found`],
  };
}

/** npm ends with 1 both when it finds something and when it could not ask; the report says which. */
function report() {
  const options = {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  };
  try {
    return JSON.parse(execFileSync("npm", ["audit", "--omit=dev", "--json"], options));
  } catch (error) {
    if (!error.stdout) throw error;
    return JSON.parse(error.stdout);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { failed, lines } = judge(report());
  for (const line of lines) console.error(line);
  process.exitCode = failed ? 1 : 0;
}
