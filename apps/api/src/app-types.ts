import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { Span } from "@repl/ops";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";

import type { Caller } from "./auth/caller.ts";

/** Fastify with handlers typed by their TypeBox schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What the service keeps on a request for its log line. */
export interface RequestFacts {
  jobId?: string;
  replId?: string;
  /** Code of the problem that was answered. */
  problem?: string;
  /** Why a token was refused: jose's code, never shown to the client. */
  refusedToken?: string;
}

declare module "fastify" {
  interface FastifyRequest {
    facts: RequestFacts;
    /** The request's own span. */
    span: Span;
    /** Who asks; set by the plugin `authenticate` on every route but the public ones. */
    caller: Caller;
  }
}

export type { FastifyBaseLogger, FastifyReply, FastifyRequest };
