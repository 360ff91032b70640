import { type JobRecord, TERMINAL_STATES, toJobStatus, WAITING_STATES } from "@repl/contract";
import Type from "typebox";
import type { App, FastifyReply, FastifyRequest } from "../app-types.ts";
import { waitForNews } from "../follow/wait-for-news.ts";
import type { RouteDeps } from "./deps.ts";
import { etagOf, matches } from "./etag.ts";
import { findJob } from "./find-job.ts";
import { followJob } from "./follow.ts";
import { JOB_PROBLEMS, JobParams, POLL_AFTER_SECONDS } from "./schemas.ts";

/** A job has its place in the queue some milliseconds after its record says that it waits again. */
const PUT_BACK_MS = 200;

const Query = Type.Object({
  wait: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 30,
      description:
        "A whole number of seconds, 1 to 30. The answer comes as soon as state or phase change, at the latest then; at once where If-None-Match is out of date.",
    }),
  ),
});

const Headers = Type.Object({
  "if-none-match": Type.Optional(
    Type.String({ description: "ETag of the status known already; 304 while it is the current one." }),
  ),
});

const caching = {
  ETag: Type.String({ description: "Changes with every change of the job." }),
  "Cache-Control": Type.String({
    description: "`private, no-store`, so that only a client that sends If-None-Match itself is answered 304.",
  }),
  "Retry-After": Type.Integer({ description: "Seconds until the next poll; missing once the job has ended." }),
};

const schema = {
  operationId: "getJob",
  summary: "Get a job's status",
  tags: ["jobs"],
  params: JobParams,
  querystring: Query,
  headers: Headers,
  response: {
    200: {
      description: "The job.",
      headers: caching,
      content: { "application/json": { schema: Type.Ref("JobStatus#") } },
    },
    304: { description: "Nothing has changed.", headers: caching, type: "null" },
    ...JOB_PROBLEMS,
  },
};

/** `GET /jobs/:jobId` */
export function jobRoute(app: App, deps: RouteDeps): void {
  app.get("/jobs/:jobId", { schema }, async (request, reply) => {
    const { wait } = request.query;
    const known = request.headers["if-none-match"];
    const record =
      wait === undefined
        ? await findJob(request.params.jobId, deps, request)
        : await waitForJob(request.params.jobId, { known, waitMs: wait * 1_000 }, deps, request, reply);
    return answer(record, known, reply);
  });
}

interface Waiting {
  /** If-None-Match */
  readonly known: string | undefined;
  readonly waitMs: number;
}

/** Following comes before reading, so that no change falls between the two. */
async function waitForJob(
  jobId: string,
  { known, waitMs }: Waiting,
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<JobRecord> {
  const tail = followJob(jobId, deps, request, reply);
  const find = () => findJob(jobId, deps, request);
  try {
    const first = await find();
    tail.skipTo(first);
    const outdated = known !== undefined && !matches(known, etagOf(first));
    if (outdated) return first;
    const latest = await waitForNews(tail, first, waitMs);
    if (!WAITING_STATES.has(latest.state)) return latest;
    // Its place is read now: that of `first` is of when the wait began, and a record that was followed has none.
    if (latest.state !== first.state) await tail.next(PUT_BACK_MS);
    return await find();
  } finally {
    tail.stop();
  }
}

function answer(record: JobRecord, known: string | undefined, reply: FastifyReply) {
  const etag = etagOf(record);
  // A browser that kept the answer would send its ETag by itself, and after 304 show the place in the queue of long ago.
  reply.headers({ etag, "cache-control": "private, no-store" });
  if (!TERMINAL_STATES.has(record.state)) reply.header("retry-after", POLL_AFTER_SECONDS);
  return matches(known, etag) ? reply.code(304).send() : reply.send(toJobStatus(record));
}
