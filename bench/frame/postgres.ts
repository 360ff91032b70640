import { execFileSync } from "node:child_process";
import { chownSync, globSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePort, startProcess } from "@repl/testkit";

const SETUP = fileURLToPath(new URL("../../script/setup.sh", import.meta.url));
/** Who runs it where this process is root, as which Postgres does not run; Debian's package makes it. */
const USER = "postgres";

/** A Postgres server of its own. */
export interface Postgres extends AsyncDisposable {
  readonly pid: number;
  /** Of its one database. */
  readonly url: string;
}

/**
 * Starts the system's Postgres on a free port of loopback with data of its own, which goes with it.
 * @param synchronousCommit `on`: each commit is on disk before it is confirmed; `off`: 0.6 s later at the latest
 * @throws Error with the command that installs it where it is missing and cannot be installed
 */
export async function startPostgres(synchronousCommit: "on" | "off"): Promise<Postgres> {
  const programs = programsFolder();
  const folder = await mkdtemp(join(tmpdir(), "repl-postgres-"));
  const as = process.getuid?.() === 0 ? ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--init-groups"] : ["env"];
  if (as[0] === "setpriv") chownSync(folder, idOf("-u"), idOf("-g"));
  const [command = "", ...args] = as;
  const data = join(folder, "data");
  execFileSync(command, [...args, join(programs, "initdb"), "-D", data, "-U", "bench", "-A", "trust"], {
    stdio: "ignore",
  });
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", "max_connections=200", `synchronous_commit=${synchronousCommit}`];
  const server = await startProcess({
    name: "Postgres",
    command,
    args: [
      ...args,
      join(programs, "postgres"),
      "-D",
      data,
      "-p",
      String(port),
      "-k",
      folder,
      ...settings.flatMap((setting) => ["-c", setting]),
    ],
    ready: { line: /ready to accept connections/ },
  });
  return {
    pid: server.pid,
    url: `postgres://bench@127.0.0.1:${port}/postgres`,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Debian keeps each version's programs in a folder that is not on the PATH. */
function programsFolder(): string {
  const found = () => globSync("/usr/lib/postgresql/*/bin/initdb").sort().at(-1);
  if (found() === undefined)
    execFileSync("sh", ["-c", '. "$0"; need_postgres || stop_with "$POSTGRES_MISSING"', SETUP]);
  return dirname(found() ?? "");
}

function idOf(which: "-u" | "-g"): number {
  return Number(execFileSync("id", [which, USER], { encoding: "utf8" }));
}
