// A Fastify server with the schemas of POST /start and GET /jobs/:jobId and nothing behind them: the most that a route
// can reach. It prints its address. Argument: a file with the status that GET answers; left out: there is no such route.
import { readFileSync } from "node:fs";
import process from "node:process";
import { JobStatus } from "@repl/contract";
import { bareApp } from "./bare-app.ts";

const [statusPath] = process.argv.slice(2);
const app = bareApp(() => "6f2b8a52-94c8-4a55-8a3f-1e0f5d0c7d53");
if (statusPath !== undefined) {
  const status = JSON.parse(readFileSync(statusPath, "utf8")) as JobStatus;
  app.get("/jobs/:jobId", { schema: { response: { 200: JobStatus } } }, () => status);
}
const port = Number(process.env["PORT"] ?? 0);
process.stdout.write(`listening on ${await app.listen({ host: "127.0.0.1", port })}\n`);
process.once("SIGTERM", () => void app.close());
