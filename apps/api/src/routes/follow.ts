import type { FastifyReply, FastifyRequest } from "../app-types.ts";
import { type JobTail, tailJob } from "../follow/job-tail.ts";
import type { RouteDeps } from "./deps.ts";

/**
 * Takes a seat and follows a job from now on, until `stop` or until the client has gone.
 * @throws Problem too_many_followers, user_followers
 */
export function followJob(
  jobId: string,
  { feed, takeSeat }: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): JobTail {
  const leave = takeSeat(request.caller);
  const tail = tailJob(feed, jobId);
  const stop = () => {
    tail.stop();
    leave();
  };
  if (reply.raw.destroyed)
    stop(); // It has gone while its token was looked at.
  else reply.raw.once("close", stop);
  return { ...tail, stop };
}
