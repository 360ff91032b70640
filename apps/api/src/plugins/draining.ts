import type { App } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";

const SWEEP_IDLE_MS = 100;

/** How far the end of the process has come. */
export interface Departure {
  /** Aborted with SIGTERM: requests are still served, but whoever keeps a connection is sent to another process. */
  readonly leaving: AbortSignal;
  /** Aborted after the drain delay: requests are refused. */
  readonly draining: AbortSignal;
}

/**
 * Lets no client keep its connection beyond its next answer once the process is leaving, and refuses what still arrives
 * on open connections when it is draining (Fastify's own answer is no problem+json).
 */
export function endConnectionsWhenLeaving(app: App, { leaving, draining }: Departure): void {
  app.addHook("onRequest", (_request, _reply, done) => {
    if (draining.aborted) done(new Problem("shutting_down"));
    else done();
  });
  app.addHook("onSend", (_request, reply, payload, done) => {
    if (leaving.aborted) reply.header("connection", "close");
    done(null, payload);
  });
  closeLateIdlers(app);
}

/**
 * Node closes the connections that are idle when the server is closed, not those that become idle afterwards, such as
 * an event stream's, and those would hold up the end for the whole keep-alive timeout.
 */
function closeLateIdlers(app: App): void {
  let timer: NodeJS.Timeout | undefined;
  app.addHook("preClose", async () => {
    timer = setInterval(() => app.server.closeIdleConnections(), SWEEP_IDLE_MS);
  });
  app.addHook("onClose", async () => clearInterval(timer));
}
