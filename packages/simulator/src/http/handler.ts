import { authenticate, authorize, type TokenTable, type User } from "../access/users.ts";
import type { Cluster } from "../api/cluster.ts";
import type { AuditLog } from "../control/audit.ts";
import type { FaultEffect, FaultPlan } from "../control/faults.ts";
import { ApiError } from "../errors/api-error.ts";
import { forbidden, internal } from "../errors/errors.ts";
import type { VerbHandler } from "../verbs/context.ts";
import { handleCreate } from "../verbs/create.ts";
import { handleDelete, handleDeleteCollection } from "../verbs/delete.ts";
import { handleGet } from "../verbs/get.ts";
import { handleList } from "../verbs/list.ts";
import { handleLog } from "../verbs/log.ts";
import { handlePatch } from "../verbs/patch.ts";
import { handleReplace } from "../verbs/replace.ts";
import { startWatch } from "../verbs/watch.ts";
import { handleDiscovery, isOpenPath } from "./discovery.ts";
import { type Answer, type ApiRequest, type Peer, type RequestHead, readHead, readWithBody } from "./exchange.ts";
import { parseTarget, type Target, type Verb } from "./target.ts";
import type { WatchHub } from "./watches.ts";

/** What the request handler is made of. */
export interface HandlerParts {
  readonly cluster: Cluster;
  readonly tokens: TokenTable;
  readonly audit: AuditLog;
  readonly faults: FaultPlan;
  readonly watches: WatchHub;
  readonly bookmarkMs: number;
  /** How long every call takes before it is worked on, milliseconds. */
  readonly latencyMs: number;
  /** Answers paths under `/simulator/`. */
  readonly control: (request: ApiRequest) => Answer;
}

/** Answers a request; undefined where nothing is left to answer: the peer was cut, or its answer is a stream. */
export type RequestHandler = (head: RequestHead, peer: Peer) => Promise<Answer | undefined>;

const VERBS: Readonly<Record<Exclude<Verb, "watch">, VerbHandler>> = {
  get: handleGet,
  list: handleList,
  create: handleCreate,
  update: handleReplace,
  patch: handlePatch,
  delete: handleDelete,
  deletecollection: handleDeleteCollection,
};

const READS: ReadonlySet<Verb> = new Set(["get", "list", "watch"]);

/** 429 comes as plain text, before the request is worked on. */
const TOO_MANY: Answer = {
  code: 429,
  headers: { "retry-after": "1" },
  body: "Too many requests, please try again later.\n",
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function answerTo(error: unknown): Answer {
  if (!(error instanceof ApiError)) throw error;
  const wait = error.status.details?.retryAfterSeconds;
  return {
    code: error.code,
    headers: wait === undefined ? {} : { "retry-after": String(wait) },
    body: error.status,
  };
}

const isWatch = ({ query }: ApiRequest): boolean => ["true", "1"].includes(query.get("watch") ?? "");

const subjectOf = ({ kind, namespace, name }: Target): string =>
  [kind.kind, ...(kind.namespaced ? [namespace] : []), name].join("/");

/** What became of a call: an answer to write, or the number that the audit shows for one that was not written. */
type Outcome = { readonly answer: Answer } | { readonly written: number };

/** Turns requests into answers: who is it, what does it want, is a fault in the way, and then the verb. */
export function createHandler(parts: HandlerParts): RequestHandler {
  const { cluster, tokens, audit, faults, watches } = parts;
  let mutating = 0;

  const work = async (peer: Peer, target: Target, head: ApiRequest): Promise<Outcome> => {
    if (target.verb === "watch") {
      const { bookmarkMs } = parts;
      const start = startWatch(cluster, target, head, { bookmarkMs });
      watches.run(peer, start);
      return { written: 200 };
    }
    const request = await readWithBody(peer, head);
    const verb = target.subresource === "log" ? handleLog : VERBS[target.verb];
    return { answer: verb({ cluster, target, request }) };
  };

  /** Counts writes that are being worked on, and refuses those beyond the limit. */
  const limited = async (target: Target, run: () => Promise<Outcome>): Promise<Outcome> => {
    if (READS.has(target.verb)) return run();
    if (mutating >= (faults.mutatingLimit ?? Number.POSITIVE_INFINITY)) return { answer: TOO_MANY };
    mutating += 1;
    try {
      return await run();
    } finally {
      mutating -= 1;
    }
  };

  const beforeWork = async (
    fault: { readonly id: string; readonly effect: FaultEffect } | undefined,
  ): Promise<void> => {
    if (parts.latencyMs > 0) await pause(parts.latencyMs);
    if (fault?.effect.kind === "delay") await pause(fault.effect.delayMs);
    if (fault?.effect.kind === "hold") await faults.released(fault.id);
  };

  const resource = async (peer: Peer, target: Target, head: ApiRequest): Promise<Outcome> => {
    const fault = faults.take(target, head.userAgent);
    const effect = fault?.effect;
    if (effect?.kind === "answer")
      return {
        answer: {
          code: effect.status,
          ...(effect.headers ? { headers: effect.headers } : {}),
          body: effect.body ?? "",
        },
      };
    if (effect?.kind === "cut") {
      peer.cut();
      return { written: 0 };
    }
    const outcome = await limited(target, async () => {
      await beforeWork(fault);
      return work(peer, target, head);
    });
    if (effect?.kind !== "drop-reply") return outcome;
    peer.cut();
    return { written: 0 };
  };

  const other = (user: User, head: ApiRequest): Outcome => {
    if (user.rules?.length === 0 && !isOpenPath(head.path))
      throw forbidden({ group: "", plural: "", kind: "" }, "", `User "${user.name}" cannot get path "${head.path}"`);
    return { answer: handleDiscovery(cluster.kinds, head.method, head.path) };
  };

  const handle = async (incoming: RequestHead, peer: Peer): Promise<Answer | undefined> => {
    const head = readHead(incoming);
    if (head.path.startsWith("/simulator/")) {
      const request = await readWithBody(peer, head);
      return parts.control(request);
    }
    const at = new Date();
    let user: User | undefined;
    let target: Target | undefined;
    const judge = async (): Promise<Outcome> => {
      user = authenticate(tokens, head);
      target = parseTarget(cluster.kinds, head.method, head.path, isWatch(head));
      if (target === undefined) return other(user, head);
      authorize(user, target);
      return resource(peer, target, head);
    };
    const outcome = await judge().catch((error: unknown): Outcome => ({ answer: answerTo(error) }));
    audit.add({
      at: at.toISOString(),
      verb: target?.verb ?? "other",
      write: target !== undefined && !READS.has(target.verb),
      subject: target === undefined ? "" : subjectOf(target),
      path: incoming.url ?? "",
      status: "answer" in outcome ? outcome.answer.code : outcome.written,
      user: user?.name ?? "",
      userAgent: head.userAgent,
      durationMs: Date.now() - at.getTime(),
    });
    return "answer" in outcome ? outcome.answer : undefined;
  };

  return (head, peer) =>
    handle(head, peer).catch((error: unknown) =>
      error instanceof ApiError ? answerTo(error) : answerTo(internal(String(error))),
    );
}
