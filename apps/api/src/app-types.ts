import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";

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
}

declare module "fastify" {
  interface FastifyRequest {
    facts: RequestFacts;
  }
}

export type { FastifyBaseLogger, FastifyReply, FastifyRequest };
