import { HOST_NEEDED, hasForeignHost, hasValidHost, LOCAL_HOST_NEEDED } from "@repl/ops";
import type { App } from "../app-types.ts";
import { ANYBODY } from "../auth/caller.ts";
import { Problem } from "../problems/problem.ts";

/**
 * Refuses requests without exactly one valid Host header, and on loopback those of foreign pages that would act as
 * anybody. The latter once it is known who asks, which is before anything of the request has an effect.
 */
export function requireHost(app: App): void {
  app.addHook("onRequest", ({ raw }, _reply, done) => {
    if (hasValidHost(raw)) return done();
    done(new Problem("malformed_request", { detail: HOST_NEEDED, headers: { connection: "close" } }));
  });
  app.addHook("preParsing", ({ raw, caller }, _reply, _payload, done) => {
    if (caller !== ANYBODY || !hasForeignHost(raw, app.server)) return done();
    done(new Problem("malformed_request", { detail: LOCAL_HOST_NEEDED }));
  });
}
