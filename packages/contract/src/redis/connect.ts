import type { Redis, RedisOptions } from "ioredis";
import type { Endpoint } from "./address.ts";
import { ClusterConnector, type ClusterPlace } from "./cluster-connector.ts";
import { GatheringRedis } from "./gathering-redis.ts";
import type { RedisPlace } from "./place.ts";
import { isRefusal, isWrongServer } from "./refusals.ts";
import { serverName } from "./server-name.ts";

/** Longest that one command of a request may take before it fails; leaves room for the two of a start within 2 s. */
const COMMAND_TIMEOUT_MS = 800;
const CONNECT_TIMEOUT_MS = 2_000;
/** Reconnects this often at the least, so that work goes on within a second or two of Redis' return. */
const LONGEST_RECONNECT_MS = 1_000;
/** A server that is silent for longer, though asked, is given up: another one may be the primary by now. */
const SILENT_REQUESTS_MS = 3_000;
/** The same where commands block: BullMQ's longest read takes 10 s. */
const SILENT_WORK_MS = 15_000;
/** A Redis that is still loading its data is asked again this often. */
const LOADING_RETRY_MS = 500;
const SENTINEL_TIMEOUT_MS = 1_000;
/** Sends a refused command again over a new connection (ioredis). */
const RESEND = 2;

/**
 * A connection for what a client waits for: a command fails at once while Redis is away and after 0.8 s while it hangs
 * (an offline queue or no timeout would let it hang for ever). A failed write may have happened all the same.
 */
export function connectForRequests(place: RedisPlace): Redis {
  return new GatheringRedis({
    ...optionsOf(place),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENT_REQUESTS_MS,
    reconnectOnError: isWrongServer,
  });
}

/**
 * A connection for what nobody waits for: commands wait until Redis is back, and until it takes writes again. A refusal
 * that tells of Redis' state (a replica after a failover, too few replicas, memory used up) is therefore no command's
 * end; it is emitted as `error`. BullMQ's workers need it so, without a command timeout, since they block on reads.
 */
export function connectForWork(place: RedisPlace): Redis {
  const redis: Redis = new GatheringRedis({
    ...optionsOf(place),
    maxRetriesPerRequest: null,
    socketTimeout: SILENT_WORK_MS,
    reconnectOnError: (error) => {
      if (!isRefusal(error)) return false;
      redis.emit("error", error);
      return RESEND;
    },
  });
  return redis;
}

/** ioredis' options; its constructor does not take `replyMapping: undefined`, which its own type has. */
type Options = Omit<RedisOptions, "replyMapping">;

/** How one connects to the place, whatever the connection is for. */
export function optionsOf(place: RedisPlace): Options {
  const { endpoints, topology, username, password, database, tls, ca } = place;
  const named = topology === "server" ? serverName(endpoints[0].host) : {};
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: { ...(ca === undefined ? {} : { ca }), ...named } } : {}),
    db: database,
    disableClientInfo: true, // CLIENT SETINFO would be one right more, which Redis before 7.2 cannot even name.
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxLoadingRetryTime: LOADING_RETRY_MS,
    retryStrategy: (times: number) => Math.min(50 * 2 ** times, LONGEST_RECONNECT_MS),
    ...(topology === "server"
      ? endpoints[0]
      : topology === "sentinel"
        ? sentinelOptions(place)
        : clusterOptions(place)),
  };
}

function sentinelOptions(place: RedisPlace): Options {
  const { endpoints, primaryName, sentinelUsername, sentinelPassword, tls, ca } = place;
  return {
    sentinels: [...endpoints],
    ...(primaryName === undefined ? {} : { name: primaryName }),
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: ca === undefined ? {} : { ca }, natMap: namedAt } : {}),
    sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
    sentinelRetryStrategy: (times: number) => Math.min(50 * 2 ** times, LONGEST_RECONNECT_MS),
  };
}

/**
 * Where ioredis connects to for the primary at `host:port`; it makes TLS' options of it. All Sentinels have the same
 * options, so that they are told no name.
 */
function namedAt(address: string): Endpoint {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon);
  return { host, port: Number(address.slice(colon + 1)), ...serverName(host) };
}

function clusterOptions({ endpoints, prefix }: RedisPlace): Options & ClusterPlace {
  return { Connector: ClusterConnector, clusterSeeds: endpoints, clusterKey: prefix };
}
