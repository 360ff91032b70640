import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProcess } from "@repl/testkit";
import { countRequests, type RequestCounts } from "./api-tester-report.ts";

const BIN = fileURLToPath(new URL("../../.cache/api-tester/bin", import.meta.url));

/** Why the tester cannot run here, or undefined. */
export const missingApiTester: string | undefined = existsSync(join(BIN, "../installed.txt"))
  ? undefined
  : "the tester of the HTTP interface is missing: script/test installs it where Python 3.10 or newer is";

/** How a program of the tester's environment ended. */
export interface TesterRun {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program of the tester's environment until it ends. */
export async function runTester(program: string, args: readonly string[], cwd = tmpdir()): Promise<TesterRun> {
  const running = await startProcess({ name: program, command: join(BIN, program), args, cwd });
  const { code } = await running.exited;
  return { code, output: running.output.text() };
}

/** What a run against an api did. */
export interface ApiTest extends TesterRun, RequestCounts {}

/** How to test which api. */
export interface ApiTestOptions {
  readonly url: string;
  /** Makes a run repeatable, as far as the api's answers are. */
  readonly seed: number;
  /** For all of it; the parts that make up requests go on until it is spent. */
  readonly maxSeconds: number;
  /** Sent with every request, but for those that see what happens without; left out: the api asks for none. */
  readonly token?: string | undefined;
}

/** The committed OpenAPI document. */
export const DOCUMENT = fileURLToPath(new URL("../../docs/openapi.json", import.meta.url));
/** Longer than the longest `wait`, so that a long poll is no error. */
const REQUEST_TIMEOUT_SECONDS = 35;

/**
 * Every check is on. One has to be told what a document cannot say: 422 answers an order that is fine by itself, when
 * its Idempotency-Key was used for another one, and 400 one whose problem is no rule of a schema.
 */
const CONFIGURATION = `
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "422", "429"]
`;

/** Has schemathesis make up requests from the committed document, good and bad ones, in all its ways. */
export async function testApi(options: ApiTestOptions): Promise<ApiTest> {
  const folder = await mkdtemp(join(tmpdir(), "api-tester-"));
  try {
    await writeFile(join(folder, "schemathesis.toml"), CONFIGURATION);
    await writeFile(join(folder, "openapi.json"), await documentFor(options));
    const run = await runTester("schemathesis", argumentsOf(options), folder);
    return { ...run, ...countRequests(await readFile(join(folder, "events.ndjson"), "utf8")) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** One document describes both modes, so that tokens are optional in it; of one mode more can be expected. */
async function documentFor({ token }: ApiTestOptions): Promise<string> {
  const text = await readFile(DOCUMENT, "utf8");
  if (token === undefined) return text;
  const isNoneNeeded = (requirement: unknown) => JSON.stringify(requirement) === "{}";
  return JSON.stringify(JSON.parse(text), (name, value) =>
    name === "security" ? value.filter((requirement: unknown) => !isNoneNeeded(requirement)) : value,
  );
}

/**
 * One worker: where Python 3.11 collects garbage while it parses, another thread that parses too upsets its count of depths
 * ("AST constructor recursion depth mismatch", CPython's gh-106905), and Hypothesis parses the source of lambdas.
 */
function argumentsOf({ url, seed, maxSeconds, token }: ApiTestOptions): string[] {
  return [
    ...["run", "openapi.json", "--url", url, "--checks", "all", "--mode", "all", "--continue-on-failure"],
    ...["--phases", "examples,coverage,fuzzing,stateful", "--seed", String(seed), "--max-time", String(maxSeconds)],
    ...["--request-timeout", String(REQUEST_TIMEOUT_SECONDS), "--workers", "1", "--generation-database", "none"],
    ...["--no-color", "--report", "ndjson", "--report-ndjson-path", "events.ndjson"],
    ...(token === undefined ? [] : ["--header", `Authorization: Bearer ${token}`]),
  ];
}
