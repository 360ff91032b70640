import { JOB_STATES, JobStatus, ReplId, ReplStatus, UserId } from "@repl/contract";
import Type, { type Static } from "typebox";
import { ProblemBody, problemResponses } from "../problems/problem-schema.ts";

/** When a client that polls should ask again. */
export const POLL_AFTER_SECONDS = 1;

/** What is asked of a repl. */
export const JobOrder = Type.Object(
  {
    replId: ReplId,
    userId: Type.Optional(UserId),
  },
  {
    $id: "JobOrder",
    additionalProperties: false,
    examples: [{ replId: "repl123", userId: "auth0|5f7c8ec7c33c6c004bbafe82" }],
  },
);
/** {@inheritDoc JobOrder} */
export type JobOrder = Static<typeof JobOrder>;

/** The answer to what was accepted. */
export const JobAccepted = Type.Object(
  {
    jobId: Type.String({
      description: "Names the job from now on.",
      examples: ["6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53"],
    }),
    replId: ReplId,
    state: Type.Enum([...JOB_STATES], { description: "Of the job, as it was just now." }),
    statusUrl: Type.String({ format: "uri-reference", examples: ["/jobs/6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53"] }),
    eventsUrl: Type.String({
      format: "uri-reference",
      examples: ["/jobs/6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53/events"],
    }),
    joined: Type.Optional(
      Type.Boolean({ description: "True where this job was under way already; missing otherwise." }),
    ),
  },
  {
    $id: "JobAccepted",
    examples: [
      {
        jobId: "6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53",
        replId: "repl123",
        state: "queued",
        statusUrl: "/jobs/6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53",
        eventsUrl: "/jobs/6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53/events",
      },
    ],
  },
);
/** {@inheritDoc JobAccepted} */
export type JobAccepted = Static<typeof JobAccepted>;

/** One event of a job's stream. */
const JobEvent = Type.Object(
  {
    id: Type.String({
      pattern: "^[0-9]+$",
      description: "Another one with each change of the job; for `Last-Event-ID`.",
    }),
    event: Type.Enum(["progress", "completed", "failed", "cancelled"], {
      description: "All but `progress` are the last.",
    }),
    data: Type.String({
      contentMediaType: "application/json",
      contentSchema: Type.Ref("JobStatus#"),
      description: "A JobStatus.",
    }),
  },
  { $id: "JobEvent" },
);

/** Ids that a job can have; anything else cannot be one, and is told so. */
export const JobParams = Type.Object({
  jobId: Type.String({
    pattern: "^[A-Za-z0-9_-]{1,64}$",
    description: "1 to 64 letters, digits, hyphens and underscores. The id that accepting the job answered.",
    examples: ["6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53"],
  }),
});

/** What a route that reads and follows a job may answer instead. */
export const JOB_PROBLEMS = problemResponses(
  "invalid_request",
  "unauthorized",
  "job_not_found",
  "address_too_long",
  "too_many_followers",
  "user_followers",
  "dependency_unavailable",
);

/** Names a repl; anything else cannot be one, and is told so. */
export const ReplParams = Type.Object({ replId: ReplId });

/** A page of a user's repls. */
const ReplList = Type.Object(
  {
    repls: Type.Array(ReplStatus, { description: "In the order of their ids." }),
    next: Type.Union([ReplId, Type.Null()], {
      description: "The `after` of the next page; null where this one is the last.",
    }),
  },
  { $id: "ReplList" },
);

/** Headers of an order that mean something. */
export const OrderHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      pattern: "^[!-~]{1,255}$",
      maxLength: 255,
      description:
        "1 to 255 printable ASCII characters without spaces. New for each order: the same order under the same key is answered as the first time, for 24 hours.",
      examples: ["8e03978e-40d5-43e8-bc93-6894a57f9324"],
    }),
  ),
});

/** What routes refer to by name; the schemas inside come along. */
export const NAMED_SCHEMAS = [ProblemBody, JobOrder, JobAccepted, JobStatus, JobEvent, ReplList] as const;
