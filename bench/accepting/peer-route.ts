// A Fastify server with the schemas of POST /start and one queue behind it, as that queue's documentation adds a job.
// It prints its address. Arguments: which queue, its address.
import { randomUUID } from "node:crypto";
import process from "node:process";
import { createPostgresBackend, Queue } from "bullmq";
import { makeWorkerUtils } from "graphile-worker";
import { Redis } from "ioredis";
import { Pool } from "pg";
import { PgBoss } from "pg-boss";
import { bareApp } from "./bare-app.ts";

/** Adds a job under an id of its own; resolves when it is as safe as the server was told to keep it. */
type Add = (jobId: string, payload: object) => Promise<unknown>;

/** As many as requests come at once, so that none of them waits for a connection. */
const CONNECTIONS = 50;

const PEERS: Readonly<Record<string, (url: string) => Promise<Add>>> = {
  "bullmq-redis": async (url) => {
    const queue = new Queue("repls", { connection: new Redis(url, { maxRetriesPerRequest: null }) });
    return (jobId, payload) => queue.add("start", payload, { jobId });
  },
  "bullmq-postgres": async (url) => {
    const connection = { connectionString: url, max: CONNECTIONS, migrate: true };
    const queue = new Queue("repls", { connection }, createPostgresBackend);
    await queue.waitUntilReady();
    return (jobId, payload) => queue.add("start", payload, { jobId });
  },
  "pg-boss": async (url) => {
    const boss = new PgBoss({ connectionString: url, max: CONNECTIONS });
    await boss.start();
    await boss.createQueue("repls");
    return (id, payload) => boss.send("repls", payload, { id });
  },
  "graphile-worker": async (url) => {
    const pgPool = new Pool({ connectionString: url, max: CONNECTIONS });
    const utils = await makeWorkerUtils({ pgPool });
    await utils.migrate();
    return (jobKey, payload) => utils.addJob("start", payload, { jobKey });
  },
};

const [name = "", url = ""] = process.argv.slice(2);
const open = PEERS[name];
if (open === undefined) throw new Error(`there is no ${name}; there are ${Object.keys(PEERS).join(", ")}`);
const add = await open(url);
const app = bareApp(async (replId) => {
  const jobId = randomUUID();
  await add(jobId, { version: 1, replId, userId: "alice", requestId: randomUUID() });
  return jobId;
});
process.stdout.write(`listening on ${await app.listen({ host: "127.0.0.1", port: 0 })}\n`);
process.once("SIGTERM", () => process.exit());
