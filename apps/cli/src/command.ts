import { parseArgs } from "node:util";

/** What was typed, understood. */
export interface Command {
  readonly does: "start" | "stop" | "status" | "list";
  /** Empty for `list`. */
  readonly replId: string;
  readonly url: string;
  readonly userId: string | undefined;
  readonly token: string | undefined;
  readonly json: boolean;
  /** Whether to follow the job to its end. */
  readonly wait: boolean;
}

/** A command line that cannot be followed; the message is for whoever typed it. */
export class UsageError extends Error {}

/** What `--help` prints. */
export const USAGE = `usage: npm run repl -- start NAME     start a repl and wait until it runs
       npm run repl -- stop NAME      stop it and wait until it is gone
       npm run repl -- status NAME    what it does, and why it failed; --wait follows its latest job
       npm run repl -- list           all of the user's repls

  --user USER    whose repl; default: the token's subject, or "anonymous" without authentication
  --url URL      of the api's public port; default: $REPL_URL, else http://127.0.0.1:3002
  --token TOKEN  default: $REPL_TOKEN, which other users of the machine cannot see
  --json         the result as JSON on stdout, errors as JSON on stderr (with \`npm run --silent repl -- …\`)
  --no-wait      return as soon as the api has accepted the job

Progress goes to stderr, the result to stdout. Ctrl-C ends the waiting, not the job.
Exit codes: 0 done, 1 the job failed or the api refused it, 2 usage, 3 the api cannot be reached, 130 Ctrl-C.`;

const OPTIONS = {
  help: { type: "boolean", short: "h" },
  user: { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
  json: { type: "boolean" },
  wait: { type: "boolean" },
} as const;

/**
 * Reads the command line and the environment. Pure.
 * @throws UsageError that names what is wrong
 */
export function readCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Command | "help" {
  const { values, positionals } = parse(args);
  if (values.help) return "help";
  const { does, replId } = readOrder(positionals);
  return {
    does,
    replId,
    url: readUrl(
      values.url ?? (env["REPL_URL"] || "http://127.0.0.1:3002"),
      values.url === undefined ? "REPL_URL" : "--url",
    ),
    userId: values.user,
    token: readToken(values.token ?? env["REPL_TOKEN"], values.token === undefined ? "REPL_TOKEN" : "--token"),
    json: values.json ?? false,
    wait: values.wait ?? (does === "start" || does === "stop"),
  };
}

function readOrder([does, ...names]: readonly string[]): Pick<Command, "does" | "replId"> {
  if (does === undefined) throw new UsageError("a command is missing");
  if (!isVerb(does)) throw new UsageError(`there is no command ${JSON.stringify(does)}`);
  const takes = does === "list" ? 0 : 1;
  if (names.length < takes) throw new UsageError(`${does}: the repl's name is missing`);
  if (names.length > takes) throw new UsageError(`${does}: ${JSON.stringify(names[takes])} is too much`);
  return { does, replId: names[0] ?? "" };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, allowNegative: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function isVerb(text: string): text is Command["does"] {
  return text === "start" || text === "stop" || text === "status" || text === "list";
}

function readUrl(text: string, name: string): string {
  const url = URL.parse(text);
  // First, since the other refusal tells the whole address.
  if (url?.username || url?.password)
    throw new UsageError(`${name}: expected an address without user and password; REPL_TOKEN holds the access token`);
  if (url !== null && /^https?:$/.test(url.protocol)) return text;
  throw new UsageError(`${name}: expected an address such as http://127.0.0.1:3002, got ${JSON.stringify(text)}`);
}

function readToken(text: string | undefined, name: string): string | undefined {
  if (!text) return undefined;
  try {
    new Headers({ authorization: `Bearer ${text}` });
    return text;
  } catch {
    throw new UsageError(`${name} has a character that no HTTP header can hold, such as a line break`);
  }
}
