import Type, { type Static } from "typebox";
import { JOB_KINDS, JOB_STATES } from "./job.ts";
import { ReplId, UserId } from "./repl.ts";

/** What a repl can be: its intent together with its latest job. */
const REPL_STATES = ["running", "starting", "stopping", "stopped", "failed"] as const;
/** {@inheritDoc REPL_STATES} */
export type ReplState = (typeof REPL_STATES)[number];

/** One enumeration and no union, of which only what fits is answered: a newer version's job is shown as it is. */
const orNull = <Text extends string>(texts: readonly Text[]) => Type.Unsafe<Text | null>({ enum: [...texts, null] });

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
        kind: orNull(JOB_KINDS),
        state: orNull(JOB_STATES),
      },
      { description: "Its latest job; kind and state are null once the job is no longer kept." },
    ),
  },
  { $id: "ReplStatus" },
);
/** {@inheritDoc ReplStatus} */
export type ReplStatus = Static<typeof ReplStatus>;
