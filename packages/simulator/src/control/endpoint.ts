import type { Answer, ApiRequest } from "../http/exchange.ts";
import type { Connections } from "../http/listen.ts";
import type { Watches } from "../http/watches.ts";
import { isFields } from "../objects/object.ts";
import type { Audit } from "./audit.ts";
import { FAILURE_PREFIXES, FAILURES } from "./failure-kinds.ts";
import type { FailureRule, Failures } from "./failures.ts";
import type { FaultRule, Faults } from "./faults.ts";

/** What can be reached over HTTP under `/simulator/`. */
export interface ControlParts {
  readonly failures: Failures;
  readonly faults: Faults;
  readonly audit: Audit;
  readonly watches: Watches;
  readonly connections: () => Connections;
  /** Forgets all kept changes, so that every watch of an older revision is too old. */
  readonly expireWatchWindow: () => void;
}

type Route = (parts: ControlParts, request: ApiRequest) => unknown;

function bodyOf(request: ApiRequest): Record<string, unknown> {
  const body: unknown = JSON.parse(request.body || "{}");
  if (isFields(body)) return body;
  throw new Error("body: must be a JSON object");
}

/** Removes one rule by `?id=`, or all. */
function removeRules(rules: { remove(id: string): boolean; clear(): void }, request: ApiRequest): unknown {
  const id = request.query.get("id");
  if (id === null) rules.clear();
  else if (!rules.remove(id)) throw new Error(`id: there is no ${id}`);
  return { removed: id ?? "all" };
}

function removeFailures(parts: ControlParts, request: ApiRequest): unknown {
  const repl = request.query.get("repl");
  if (repl === null) return removeRules(parts.failures, request);
  const found = parts.failures.list().filter((rule) => rule.repl === repl);
  for (const rule of found) parts.failures.remove(rule.id);
  return { removed: found.map(({ id }) => id) };
}

function auditEntries({ audit }: ControlParts, { query }: ApiRequest) {
  const text = (name: string) => {
    const value = query.get(name);
    return value === null ? {} : { [name]: value };
  };
  const write = query.get("write");
  const after = query.get("after");
  return {
    count: audit.count,
    entries: audit.entries({
      ...text("verb"),
      ...text("subject"),
      ...text("userAgent"),
      ...(write === null ? {} : { write: write === "true" }),
      ...(after === null ? {} : { after: Number(after) }),
    }),
  };
}

const WATCH_ACTIONS = ["cut", "end", "freeze", "thaw", "expire"] as const;

function actOnWatches(parts: ControlParts, request: ApiRequest): unknown {
  const action = bodyOf(request)["action"];
  const { watches } = parts;
  if (action === "cut") return { watches: watches.cut() };
  if (action === "end") return { watches: watches.end() };
  if (action === "freeze") watches.freeze();
  else if (action === "thaw") watches.thaw();
  else if (action === "expire") parts.expireWatchWindow();
  else throw new Error(`action: must be one of ${WATCH_ACTIONS.join(", ")}`);
  return { watches: watches.open };
}

function limitMutating({ faults }: ControlParts, request: ApiRequest) {
  const limit = bodyOf(request)["mutatingInFlight"];
  if (limit !== null && !(Number.isInteger(limit) && Number(limit) >= 0))
    throw new Error("mutatingInFlight: must be a whole number, or null");
  faults.limitMutating(limit === null ? undefined : Number(limit));
  return { mutatingInFlight: limit };
}

const ROUTES: Readonly<Record<string, Route>> = {
  "GET failures": ({ failures }) => ({
    failures: failures.list(),
    known: FAILURES,
    byName: FAILURE_PREFIXES,
  }),
  "POST failures": ({ failures }, request) => failures.add(bodyOf(request) as unknown as FailureRule),
  "DELETE failures": removeFailures,
  "GET faults": ({ faults }) => ({ faults: faults.list() }),
  "POST faults": ({ faults }, request) => faults.add(bodyOf(request) as unknown as FaultRule),
  "DELETE faults": ({ faults }, request) => removeRules(faults, request),
  "PUT limits": limitMutating,
  "POST watches": actOnWatches,
  "GET audit": auditEntries,
  "DELETE audit": ({ audit }) => {
    audit.clear();
    return { removed: "all" };
  },
  "GET connections": ({ connections, watches }) => ({
    opened: connections().opened,
    open: connections().open,
    watches: watches.open,
  }),
};

const refusal = (code: number, message: string): Answer => ({
  code,
  body: { error: message },
});

/** The control endpoint. It asks for no token: the simulator listens on loopback only. Errors name the field. */
export const createControl =
  (parts: ControlParts) =>
  (request: ApiRequest): Answer => {
    const name = request.path.replace(/^\/simulator\//, "");
    const route = ROUTES[`${request.method} ${name}`];
    if (route === undefined) return refusal(404, `there is only ${Object.keys(ROUTES).join(", ")} under /simulator/`);
    try {
      return { code: 200, body: route(parts, request) };
    } catch (error) {
      return refusal(400, error instanceof Error ? error.message : String(error));
    }
  };
