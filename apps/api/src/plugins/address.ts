import type { IncomingMessage } from "node:http";
import type { App, FastifyReply, FastifyRequest } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";
import { invalid } from "../problems/to-problem.ts";

/** Longest id in an address, in characters; those that exist are shorter. */
const LONGEST_ID = 100;

/** A request whose address was changed before its route was looked for; Fastify reads the name as well. */
type Rewritten = IncomingMessage & { originalUrl?: string | undefined };

/**
 * Fastify answers a wrong percent-encoding outside of all hooks. This sends such a request the way of all others, as if
 * each of its characters stood for itself, and {@link checkAddresses} refuses it there.
 */
export function takeLiterally({ raw, server }: FastifyRequest, reply: FastifyReply): void {
  const request: Rewritten = raw;
  request.originalUrl = raw.url;
  raw.url = encodeURI(raw.url ?? "");
  server.routing(raw, reply.raw);
}

/** Refuses addresses that no route needs to look at, whoever asks. */
export function checkAddresses(app: App): void {
  app.addHook("onRequest", ({ raw, params }, _reply, done) => {
    if ((raw as Rewritten).originalUrl !== undefined) done(invalid("path", "has a wrong percent-encoding"));
    else if (hasLongId(params)) done(new Problem("address_too_long"));
    else done();
  });
}

function hasLongId(params: unknown): boolean {
  const { jobId = "", replId = "" } = params as { jobId?: string; replId?: string };
  return jobId.length > LONGEST_ID || replId.length > LONGEST_ID;
}
