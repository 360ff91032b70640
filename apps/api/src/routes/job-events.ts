import { Readable } from "node:stream";
import { TERMINAL_STATES } from "@repl/contract";
import Type from "typebox";
import type { App } from "../app-types.ts";
import { createFrameEncoder, eventFrames } from "../follow/event-frames.ts";
import { revisionOf } from "../follow/revision.ts";
import type { RouteDeps } from "./deps.ts";
import { findJob } from "./find-job.ts";
import { followJob } from "./follow.ts";
import { JOB_PROBLEMS, JobParams } from "./schemas.ts";

const EVENT_STREAM = "text/event-stream";

const Query = Type.Object({
  access_token: Type.Optional(
    Type.String({
      description:
        "The token, for a browser's EventSource, which cannot send headers; it is never logged. Use a short-lived one.",
    }),
  ),
});

const Headers = Type.Object({
  "last-event-id": Type.Optional(
    Type.String({ description: "Id of the last event seen; browsers send it by themselves." }),
  ),
});

const schema = {
  operationId: "followJob",
  summary: "Follow a job",
  description:
    "Server-sent events: `progress` with each change, then one of `completed`, `failed` and `cancelled`, then the end. The data of each is a JobStatus.",
  tags: ["jobs"],
  security: [{ bearer: [] }, { queryToken: [] }, {}],
  params: JobParams,
  querystring: Query,
  headers: Headers,
  response: {
    200: {
      description: "The stream; the schema is that of one event of it.",
      content: { [EVENT_STREAM]: { schema: Type.Ref("JobEvent#") } },
    },
    204: { description: "The client has seen the last event; browsers stop connecting again.", type: "null" },
    ...JOB_PROBLEMS,
  },
};

/** `GET /jobs/:jobId/events` */
export function jobEventsRoute(app: App, deps: RouteDeps): void {
  const encodeFrame = createFrameEncoder();
  app.get("/jobs/:jobId/events", { schema }, async (request, reply) => {
    const { jobId } = request.params;
    const tail = followJob(jobId, deps, request, reply);
    try {
      const record = await findJob(jobId, deps, request);
      // Whatever else it has seen, one that is older or that Redis has lost, the record as it is now comes next.
      const isSeen = request.headers["last-event-id"] === revisionOf(record);
      reply.headers({ "cache-control": "no-store", "x-accel-buffering": "no" });
      if (TERMINAL_STATES.has(record.state) && isSeen) return reply.code(204).send();
      reply.type(EVENT_STREAM);
      // As a stream: a Content-Length would have to be that of GET (RFC 9110 8.6).
      if (request.method === "HEAD") return reply.send(Readable.from([]));
      if (isSeen) tail.skipTo(record);
      else tail.offer(record);
    } catch (error) {
      tail.stop();
      throw error;
    }
    return reply.send(Readable.from(eventFrames(tail, encodeFrame, deps.heartbeatMs)));
  });
}
