import process from "node:process";
import { startRedis } from "@repl/testkit";
import { cpuMs, familyCpuMs, pin } from "../frame/cpu.ts";
import { type BenchContext, type Benchmark, type Figure, ofRounds } from "../frame/figure.ts";
import { startPostgres } from "../frame/postgres.ts";
import { alternate, perRound } from "../frame/rounds.ts";
import { startOrders } from "./orders.ts";
import { CONNECTIONS, type MeasuredServer, startPeerRoute, underLoad, warmUp } from "./servers.ts";

const PEERS = ["bullmq-redis", "bullmq-postgres", "pg-boss", "graphile-worker"] as const;
type Peer = (typeof PEERS)[number];

/** What the queue is built on against what else it could be. */
export const queuePeers: Benchmark = {
  name: "queue-peers",
  about:
    "adding a job behind the same bare route: BullMQ on Redis, BullMQ on Postgres, pg-boss and graphile-worker, in matched durability",
  run,
};

/** What one added job takes, in us of the processor: the route's process, and the database's. */
interface Added {
  readonly rate: number;
  readonly routeUs: number;
  readonly databaseUs: number;
}

/** `synced`: on disk before it is confirmed. `soon`: up to a second (Redis) or 0.6 s (Postgres) may be lost with the machine. */
const DURABILITIES = {
  synced: { redis: "always", postgres: "on" },
  soon: { redis: "everysec", postgres: "off" },
} as const;

async function run(context: BenchContext): Promise<readonly Figure[]> {
  pin(process.pid, "rest");
  const figures: Figure[] = [];
  for (const durability of ["synced", "soon"] as const) figures.push(...(await comparison(durability, context)));
  return figures;
}

async function comparison(durability: keyof typeof DURABILITIES, { quick, say }: BenchContext): Promise<Figure[]> {
  const [rounds, seconds] = quick ? [2, 2] : [5, 4];
  const { redis: appendOnly, postgres: commit } = DURABILITIES[durability];
  await using redis = await startRedis({ appendOnly });
  await using postgres = await startPostgres(commit);
  for (const server of [redis, postgres]) pin(server.pid, "rest");
  await using stack = new AsyncDisposableStack();
  const options = { method: "POST", connections: CONNECTIONS, next: await startOrders() } as const;
  const arms: Partial<Record<Peer, () => Promise<Added>>> = {};
  for (const peer of PEERS) {
    const isRedis = peer === "bullmq-redis";
    const route = stack.use(await startPeerRoute(peer, isRedis ? redis.url : postgres.url));
    say(`${durability}: warming up ${peer}`);
    await warmUp(route, options);
    const database = () => familyCpuMs(isRedis ? redis.pid : postgres.pid);
    arms[peer] = () => added(route, database, () => underLoad(route, { ...options, seconds }));
  }
  say(`${durability}: ${rounds} rounds of ${seconds} s for each`);
  const measured = await alternate<Peer, Added>(arms as Record<Peer, () => Promise<Added>>, rounds);
  const whole = ({ routeUs, databaseUs }: Added) => routeUs + databaseUs;
  return PEERS.flatMap((peer): Figure[] => {
    const rates = perRound(measured, (round) => round[peer].rate / round["bullmq-redis"].rate);
    const times = perRound(measured, (round) => whole(round[peer]) / whole(round["bullmq-redis"]));
    const name = `${peer}, ${durability}`;
    return [
      ofRounds(
        `${name}: rate`,
        "1/s",
        measured[peer].map(({ rate }) => rate),
      ),
      ofRounds(`${name}: processor time for one, database included`, "us", measured[peer].map(whole)),
      ...(peer === "bullmq-redis"
        ? []
        : [
            ofRounds(`${name}: rate against BullMQ on Redis`, "x", rates),
            ofRounds(`${name}: processor time against it`, "x", times),
          ]),
    ];
  });
}

async function added(
  { pid }: MeasuredServer,
  database: () => number,
  work: () => Promise<{ rate: number; count: number }>,
): Promise<Added> {
  const before = { route: cpuMs(pid), database: database() };
  const { rate, count } = await work();
  const perJob = (ms: number) => (ms * 1_000) / count;
  return { rate, routeUs: perJob(cpuMs(pid) - before.route), databaseUs: perJob(database() - before.database) };
}
