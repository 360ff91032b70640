import { createLog, createRegistry } from "@repl/ops";
import { buildApp } from "./app.ts";
import { createApiMetrics } from "./metrics/api-metrics.ts";

/** The OpenAPI document that `GET /openapi.json` answers, whatever the settings; nothing is connected or listened to. */
export async function interfaceDocument(): Promise<object> {
  const unasked = () => Promise.reject(new Error("only described, never asked"));
  const feed = { follow: () => () => {}, followers: 0, live: false, close: () => {} };
  const app = buildApp({
    store: { accept: unasked, find: unasked },
    repls: { find: unasked, list: unasked, keepAlive: unasked },
    enqueue: unasked,
    feed,
    log: createLog({ process: "api", level: "silent" }),
    metrics: createApiMetrics(createRegistry(), () => 0),
    corsOrigins: [],
    maxFollowers: 0,
    maxFollowersPerUser: 0,
    leaving: new AbortController().signal,
    draining: new AbortController().signal,
  });
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
