// A back end that starts a repl for one of its users: with a token of the scope `service`, which may name any user, so browsers need no
// token for the api at all. The token is read anew for each request, since what an identity provider gives to a service ends soon.
// usage: REPL_URL=https://repls.example.com REPL_TOKEN_PATH=/run/secrets/token node examples/back-end-service-token.ts USER REPL
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { ApiError, createClient, JobFailedError } from "repl-orchestrator-client";

const [userId, replId] = process.argv.slice(2);
const { REPL_URL: baseUrl, REPL_TOKEN_PATH: tokenPath } = process.env;
if (!userId || !replId || !baseUrl || !tokenPath) {
  console.error("usage: REPL_URL=… REPL_TOKEN_PATH=… node examples/back-end-service-token.ts USER REPL");
  process.exit(2);
}

const client = createClient({ baseUrl, token: async () => (await readFile(tokenPath, "utf8")).trim() });
try {
  const job = await client.startAndWait(replId, {
    userId,
    // One for each request of our user: asked again with it, the api gives the same answer and starts nothing twice.
    idempotencyKey: randomUUID(),
    onProgress: ({ progress, message }) => console.log(`${progress} % ${message}`),
  });
  console.log(`${job.userId}: ${job.urls[0]}`);
} catch (error) {
  if (!(error instanceof ApiError || error instanceof JobFailedError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
