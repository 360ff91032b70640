import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { FastifyAdapter } from "@bull-board/fastify";
import { QUEUE_NAME, SWEEP_QUEUE_NAME } from "@repl/contract";
import type { LogError } from "@repl/ops";
import type { Queue } from "bullmq";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { FastifyBaseLogger, RequestFacts } from "../app-types.ts";
import type { VerifyToken } from "../auth/remember-tokens.ts";
import { tokenOfPage } from "../auth/token-of.ts";
import { callerOf } from "../plugins/authenticate.ts";
import { problemSender } from "../plugins/problems.ts";
import { sendSecurityHeaders } from "../plugins/security-headers.ts";
import { Problem } from "../problems/problem.ts";

/** What the dashboard shows, and to whom. */
export interface BoardOptions {
  readonly queues: readonly Queue[];
  /** Whether it may promote, remove and add jobs. */
  readonly writable: boolean;
  /** Undefined where authentication is off. */
  readonly verifyToken: VerifyToken | undefined;
  /** Whether Redis is there; the queues' connection would let a page hang until it is. */
  readonly isReady: () => boolean;
  readonly log: FastifyBaseLogger;
  /** Told why the keys of tokens cannot be read. */
  readonly logError: LogError;
}

const PATH = "/admin/queues";
const POLL_SECONDS = 10;
/** A browser asks for the token as a password; whatever else asks can send it as a bearer token. */
const CHALLENGE = 'Basic realm="operators", charset="UTF-8", Bearer';
/** Its own scripts and styles, nothing from elsewhere. */
const POLICY = {
  defaultSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", "data:"],
  baseUri: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  objectSrc: ["'none'"],
};

/** What operators read above a queue, by its name. */
const ABOUT: Readonly<Record<string, string>> = {
  [QUEUE_NAME]: "Starts and stops of repls. What has failed is not retried here: start or stop the repl again.",
  [SWEEP_QUEUE_NAME]: "Sweeps, which put right what jobs left behind. One that fails is followed by the next.",
};

/** The page would like web fonts of another site, which has no business to know of it; it looks well without. */
const FOREIGN_LINKS = /<link [^>]*href="https?:[^>]*>/g;

/** Adds the Bull dashboard at /admin/queues, behind a token with the scope `admin` where authentication is on. */
export function addBoard(server: FastifyInstance, options: BoardOptions): void {
  const adapter = new FastifyAdapter().setBasePath(PATH);
  createBullBoard({
    queues: options.queues.map(
      (queue) =>
        new BullMQAdapter(queue, {
          description: ABOUT[queue.name] ?? "",
          readOnlyMode: !options.writable,
          // A job that has ended stays ended for its repl, whatever becomes of it in the queue.
          allowRetries: false,
        }),
    ),
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: "Repl Orchestrator",
        pollingInterval: { showSetting: true, forceInterval: POLL_SECONDS },
      },
    },
  });
  const sendProblem = problemSender(options.logError);
  void server.register((scope, _options, done) => {
    sendSecurityHeaders(scope, POLICY);
    scope.addHook("onSend", async (_request, reply, payload) =>
      typeof payload === "string" && isPage(reply) ? payload.replaceAll(FOREIGN_LINKS, "") : payload,
    );
    // Answered here, since whatever is thrown would go to the dashboard's own error handler.
    scope.addHook("onRequest", async (request, reply) => {
      await admit(request, options).catch((error: unknown) => sendProblem(error, request, reply));
    });
    void scope.register(adapter.registerPlugin(), { prefix: PATH });
    done();
  });
}

/** Not what jobs hold: the expression's time grows with the square of a text that users may have written. */
function isPage(reply: FastifyReply): boolean {
  return String(reply.getHeader("content-type")).startsWith("text/html");
}

/** @throws Problem unauthorized, forbidden, keys_unavailable, dependency_unavailable */
async function admit({ raw, method, headers }: FastifyRequest, options: BoardOptions): Promise<void> {
  const { verifyToken, isReady, log } = options;
  if (verifyToken !== undefined) {
    const facts: RequestFacts = {};
    const caller = await callerOf(facts, verifyToken, () => tokenOfPage(raw), CHALLENGE).finally(() => {
      // A browser's first request carries no token and is no attempt at anything.
      if (facts.refusedToken !== undefined && facts.refusedToken !== "NO_TOKEN") log.warn(facts, "dashboard refused");
    });
    if (!caller.isAdmin) throw new Problem("forbidden");
  }
  if (method !== "GET" && method !== "HEAD" && isFromAnotherSite(headers)) throw new Problem("forbidden");
  if (!isReady()) throw new Problem("dependency_unavailable");
}

/**
 * Browsers send a password they know along with other sites' requests too. They say so by Sec-Fetch-Site, though not to
 * a server that they reach over plain HTTP (Fetch Metadata, "potentially trustworthy"): there Origin tells, by its host.
 */
function isFromAnotherSite({ "sec-fetch-site": site, origin, host }: FastifyRequest["headers"]): boolean {
  if (site !== undefined) return site !== "same-origin";
  return origin !== undefined && URL.parse(origin)?.host !== host;
}
