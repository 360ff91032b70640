import type { Redis } from "ioredis";
import { type Endpoint, endpointText } from "./address.ts";
import { askServer } from "./ask-server.ts";
import { optionsOf } from "./connect.ts";
import { explainRedisError } from "./explain-error.ts";
import type { RedisPlace } from "./place.ts";
import { type Judgement, judgeServer, readInfo, type ServerFacts } from "./server-facts.ts";

/**
 * Judges the primary that a connection leads to, and its replicas, which take its place after a failover. A replica that
 * cannot be asked is a warning: it may be reachable for the others only, or not know the user.
 * @param redis a connection to the place that is ready; rejects with its errors.
 */
export async function inspectServers(redis: Redis, place: RedisPlace): Promise<Judgement> {
  const primary = readInfo(await redis.info());
  const judged = named("the primary", judgeServer(primary, place.topology));
  const others = await Promise.all(primary.replicas.map((replica) => inspectReplica(replica, place)));
  return {
    refusals: [judged, ...others].flatMap(({ refusals }) => refusals),
    warnings: [judged, ...others].flatMap(({ warnings }) => warnings),
  };
}

async function inspectReplica(replica: Endpoint, place: RedisPlace): Promise<Judgement> {
  const name = `the replica ${endpointText(replica)}`;
  try {
    return named(name, judgeServer(await askReplica(replica, place), place.topology));
  } catch (error) {
    return named(name, { refusals: [], warnings: [`it cannot be asked: ${explainRedisError(error as Error)}`] });
  }
}

function askReplica({ host, port }: Endpoint, place: RedisPlace): Promise<ServerFacts> {
  const { topology: _topology, ...rest } = place;
  const options = optionsOf({ ...rest, topology: "server", endpoints: [{ host, port }] });
  return askServer(options, async (replica) => readInfo(await replica.info()));
}

function named(server: string, { refusals, warnings }: Judgement): Judgement {
  const name = (sentence: string) => `${server}: ${sentence}`;
  return { refusals: refusals.map(name), warnings: warnings.map(name) };
}
