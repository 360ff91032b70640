import { HOST_NEEDED, hasValidHost } from "@repl/ops";
import type { App } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";

/** Refuses requests without exactly one valid Host header. */
export function requireHost(app: App): void {
  app.addHook("onRequest", ({ raw }, _reply, done) => {
    if (hasValidHost(raw)) return done();
    done(new Problem("malformed_request", { detail: HOST_NEEDED, headers: { connection: "close" } }));
  });
}
