import Type, { type Static } from "typebox";
import { ReplId, UserId } from "./repl.ts";

const literals = <const Values extends readonly string[]>(values: Values, description: string) =>
  Type.Unsafe<Values[number]>(Type.Enum([...values], { description }));

/** What a job does to its repl. */
export const JOB_KINDS = ["start", "stop"] as const;
/** {@inheritDoc JOB_KINDS} */
export type JobKind = (typeof JOB_KINDS)[number];

/**
 * Why a job came to be. `requested`: somebody asked for it. `idle`: the repl was not in use for too long. `repair`: the
 * sweep found that the cluster does not agree with the intent.
 */
const JOB_REASONS = ["requested", "idle", "repair"] as const;
/** {@inheritDoc JOB_REASONS} */
export type JobReason = (typeof JOB_REASONS)[number];

/** Life of a job: queued → active → (retrying → active)* → completed | failed | cancelled. */
export const JOB_STATES = ["queued", "active", "retrying", "completed", "failed", "cancelled"] as const;
/** {@inheritDoc JOB_STATES} */
export type JobState = (typeof JOB_STATES)[number];

/** States of a job that waits in the queue. */
export const WAITING_STATES: ReadonlySet<JobState> = new Set(["queued", "retrying"]);

/** States that never change again. */
export const TERMINAL_STATES: ReadonlySet<JobState> = new Set(["completed", "failed", "cancelled"]);

/**
 * Where a job stands, in the order it passes through, with the progress (percent) that entering it shows.
 * A start: queued, applying, scheduling, pulling, copying, starting, answering, done. A stop: queued, deleting, done.
 */
export const PHASES = {
  queued: 0,
  applying: 10,
  deleting: 30,
  scheduling: 40,
  pulling: 50,
  copying: 65,
  starting: 80,
  answering: 95,
  done: 100,
} as const;
/** {@inheritDoc PHASES} */
export type Phase = keyof typeof PHASES;

/** What an attempt did to a resource; each completes the sentence "Deployment/ns/name has been …". */
const ACTIONS = ["created", "updated", "unchanged", "deleted", "absent"] as const;
/** {@inheritDoc ACTIONS} */
export type Action = (typeof ACTIONS)[number];

/** One resource of a job's change set, as the client sees it. */
export const ResourceStatus = Type.Object(
  {
    kind: Type.String({ examples: ["Deployment"] }),
    name: Type.String(),
    namespace: Type.String(),
    action: literals(ACTIONS, "What the job did to it."),
    ready: Type.Boolean({ description: "Whether it serves (or is gone, for a stop)." }),
    message: Type.String({ description: "In plain words; empty where there is nothing to say." }),
  },
  { $id: "ResourceStatus" },
);
/** {@inheritDoc ResourceStatus} */
export type ResourceStatus = Static<typeof ResourceStatus>;

/** Why a job failed, or its last attempt. */
export const JobError = Type.Object(
  {
    code: Type.String({ description: "One of the codes of docs/errors.md.", examples: ["image_pull_failed"] }),
    message: Type.String({ description: "For the user, in plain words." }),
    retryable: Type.Boolean({ description: "Whether the same start may succeed later without a change." }),
    details: Type.Object(
      {},
      { additionalProperties: true, description: "The evidence: conditions, exit codes, last messages." },
    ),
  },
  { $id: "JobError" },
);
/** {@inheritDoc JobError} */
export type JobError = Static<typeof JobError>;

const Timestamp = (description: string) => Type.String({ format: "date-time", description });
const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

const PastAttempt = Type.Object(
  {
    attempt: Type.Integer({ minimum: 0 }),
    startedAt: Timestamp("When it began."),
    endedAt: Timestamp("When it ended."),
    outcome: literals(
      ["completed", "failed", "retrying", "queued"],
      "queued: handed back, for another worker to go on.",
    ),
    code: Type.String({ description: "Why it failed, one of the codes of docs/errors.md; empty where it did not." }),
  },
  { $id: "PastAttempt" },
);

/** Where a job stands that waits for a worker. */
export const QueuePlace = Type.Object(
  {
    ahead: Type.Integer({
      minimum: 0,
      description: "Jobs that begin before it, if nobody asks for more; later ones of other users may come in between.",
    }),
    startsInSeconds: Nullable(
      Type.Integer({
        minimum: 0,
        description:
          "Estimate, made from how long attempts took lately and how many jobs the present workers take at a time. Null where there is no worker or nothing to go by.",
      }),
    ),
  },
  { $id: "QueuePlace" },
);
/** {@inheritDoc QueuePlace} */
export type QueuePlace = Static<typeof QueuePlace>;

const PhaseTiming = Type.Object(
  {
    phase: literals(Object.keys(PHASES) as Phase[], "The step."),
    enteredAt: Timestamp("When the job came to it."),
    durationMs: Nullable(
      Type.Integer({ minimum: 0, description: "How long it took, in milliseconds; null while the job is at it." }),
    ),
  },
  { $id: "PhaseTiming" },
);

/** What `GET /jobs/:jobId` answers; times are ISO 8601 in UTC by Redis' clock. */
export const JobStatus = Type.Object(
  {
    jobId: Type.String(),
    kind: literals(JOB_KINDS, "What the job does."),
    replId: ReplId,
    userId: UserId,
    generation: Type.Integer({ minimum: 1, description: "Grows by one with every change of what the repl should be." }),
    reason: literals(JOB_REASONS, "Why the job came to be."),
    state: literals(JOB_STATES, "completed, failed and cancelled are final."),
    phase: literals(Object.keys(PHASES) as Phase[], "The step it is at."),
    phases: Type.Array(PhaseTiming, {
      description:
        "The steps so far, in the order it came to them; one that a further attempt comes to again is there again.",
    }),
    progress: Type.Integer({ minimum: 0, maximum: 100, description: "Percent; never goes back within an attempt." }),
    message: Type.String({ description: "What happens now, or how it ended, in plain words." }),
    queue: Type.Union([QueuePlace, Type.Null()], {
      description:
        "Its place at the moment of the answer while it is `queued` or `retrying`; null otherwise, while the place is not there yet, and in events after the first. No change of the job: neither `ETag` nor events follow it.",
    }),
    attempts: Type.Object({
      made: Type.Integer({ minimum: 0 }),
      max: Type.Integer({ minimum: 1 }),
      history: Type.Array(PastAttempt, { description: "The attempts that have ended, the first one first." }),
    }),
    createdAt: Timestamp("When it was accepted."),
    startedAt: Nullable(Timestamp("When a worker first took it.")),
    finishedAt: Nullable(Timestamp("When it ended.")),
    resources: Type.Array(ResourceStatus),
    urls: Type.Array(Type.String({ format: "uri" }), { description: "Where the workspace answers." }),
    error: Nullable(JobError),
  },
  { $id: "JobStatus" },
);
/** {@inheritDoc JobStatus} */
export type JobStatus = Static<typeof JobStatus>;
