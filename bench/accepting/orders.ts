import { generateKeyPairSync, randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import type { LoadRequest } from "../frame/connection.ts";

const ISSUER = "https://issuer.example.com";
const AUDIENCE = "repl-orchestrator";
/** Users that take turns; each has a token of its own. */
const USERS = 500;

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Tokens as most identity providers sign them: RS256. */
export const tokenOptions = {
  env: {
    AUTH_PUBLIC_KEY: publicKey.export({ type: "spki", format: "pem" }) as string,
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: AUDIENCE,
  },
};

/** Gives the next start each time it is called: another repl, users in turn. */
export async function startOrders(): Promise<() => LoadRequest> {
  const tokens = await Promise.all(Array.from({ length: USERS }, (_, user) => tokenOf(`user-${user}`)));
  const run = randomUUID().slice(0, 8);
  let count = 0;
  return () => {
    count += 1;
    return {
      path: "/start",
      headers: { "content-type": "application/json", authorization: `Bearer ${tokens[count % USERS]}` },
      body: JSON.stringify({ replId: `r-${run}-${count}` }),
    };
  };
}

/** Starts a repl, as the first of all, and gives its job's id. @throws Error unless the answer is 202 */
export async function acceptedJob(url: string, userId: string, replId: string): Promise<string> {
  const answer = await fetch(`${url}/start`, {
    method: "POST",
    headers: { authorization: `Bearer ${await tokenOf(userId)}`, "content-type": "application/json" },
    body: JSON.stringify({ replId }),
  });
  if (answer.status !== 202) throw new Error(`POST /start answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { jobId: string }).jobId;
}

/** The token of one user, good for an hour. */
export function tokenOf(userId: string): Promise<string> {
  return new SignJWT({ scope: "repls" })
    .setProtectedHeader({ alg: "RS256" })
    .setSubject(userId)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(privateKey);
}
