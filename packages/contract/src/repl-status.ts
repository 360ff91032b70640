import Type, { type Static } from "typebox";
import { JOB_KINDS, JOB_STATES } from "./job.ts";
import { ReplId, UserId } from "./repl.ts";

/** What a repl can be: its intent together with its latest job. */
const REPL_STATES = ["running", "starting", "stopping", "stopped", "failed"] as const;
/** {@inheritDoc REPL_STATES} */
export type ReplState = (typeof REPL_STATES)[number];

/** What `GET /repls/:replId` answers; times are ISO 8601 in UTC by Redis' clock. */
export const ReplStatus = Type.Object(
  {
    replId: ReplId,
    userId: UserId,
    desired: Type.Enum(["running", "stopped"], {
      description:
        "What the service holds it to: what its user asked for last, unless its first start failed or it was stopped for being idle.",
    }),
    state: Type.Enum([...REPL_STATES], {
      description:
        "failed: its latest job failed. A repl that is started once more while it runs is running, as its addresses answer.",
    }),
    since: Type.String({ format: "date-time", description: "Since when it is in this state." }),
    urls: Type.Array(Type.String({ format: "uri" }), {
      description: "Where the workspace answers; empty unless it runs.",
    }),
    generation: Type.Integer({ minimum: 1, description: "Grows by one with every change of what the repl should be." }),
    job: Type.Object(
      {
        jobId: Type.String(),
        kind: Type.Union([Type.Enum([...JOB_KINDS]), Type.Null()]),
        state: Type.Union([Type.Enum([...JOB_STATES]), Type.Null()]),
      },
      { description: "Its latest job; kind and state are null once the job is no longer kept." },
    ),
  },
  { $id: "ReplStatus" },
);
/** {@inheritDoc ReplStatus} */
export type ReplStatus = Static<typeof ReplStatus>;
