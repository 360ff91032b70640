import type { JobRecord } from "@repl/contract";
import type { FastifyRequest } from "../app-types.ts";
import { maySee } from "../auth/caller.ts";
import { Problem } from "../problems/problem.ts";
import { fromRedis } from "../redis/from-redis.ts";
import type { RouteDeps } from "./deps.ts";

/**
 * The job that a request names, in one Redis round trip.
 * @throws Problem job_not_found, the same for every job that the client may not see; dependency_unavailable
 */
export async function findJob(jobId: string, { store }: RouteDeps, request: FastifyRequest): Promise<JobRecord> {
  request.facts.jobId = jobId;
  const record = await fromRedis(store.find(jobId));
  if (record === null || !maySee(request.caller, record.userId)) throw new Problem("job_not_found");
  request.facts.replId = record.replId;
  return record;
}
