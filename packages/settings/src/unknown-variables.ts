import type { Problem } from "./settings-error.ts";

/**
 * First words that nobody but this service uses for its variables, so that a variable with one of them and no such
 * setting is a slip of the pen. Words that platforms set as well (JOB_, LOG_, AUTH_) must not stand here.
 */
const OWN_PREFIXES = ["CORS_", "OPS_", "QUEUE_", "WORKER_"];

/** What Kubernetes sets in every pod for a Service that happens to be called `worker` or `ops`. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** Problems of the variables that look like ours but are none of `known`. */
export function unknownVariables(env: NodeJS.ProcessEnv, known: ReadonlySet<string>): Problem[] {
  return Object.keys(env)
    .filter((name) => OWN_PREFIXES.some((prefix) => name.startsWith(prefix)))
    .filter((name) => env[name] !== "" && !known.has(name) && !SERVICE_LINK.test(name))
    .map((variable) => ({ variable, message: "there is no such setting" }));
}
