import { METHODS } from "node:http";
import type { FastifyPluginCallback } from "fastify";
import type { App } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";

/** CONNECT never reaches a request handler; @repl/ops' replaceNodeAnswers has its answer. */
const ANSWERED = METHODS.filter((method) => method !== "CONNECT");
const HIDDEN = { hide: true } as object;

/**
 * Makes an address answer OPTIONS with what it takes, and every method that it does not take with 405, TRACE, QUERY
 * and PROPFIND included. Call it before any route is added, and register what it returns after the last one.
 */
export function answerOtherMethods(app: App): FastifyPluginCallback {
  for (const method of ANSWERED.filter((name) => !app.supportedMethods.includes(name))) app.addHttpMethod(method);
  const taken = new Map<string, Set<string>>();
  let complete = false;
  app.addHook("onRoute", ({ url, method }) => {
    if (complete || url === "*") return;
    const methods = taken.get(url) ?? new Set(["OPTIONS"]);
    for (const name of [method].flat()) methods.add(name);
    taken.set(url, methods);
  });
  app.addHook("onRequest", (request, reply, done) => {
    if (request.method !== "OPTIONS") return done();
    const methods = taken.get(request.routeOptions.url ?? "");
    // The CORS plugin answers OPTIONS for every address, also for those that do not exist.
    if (methods === undefined) return done(new Problem("not_found"));
    reply.header("allow", allowOf(methods));
    done();
  });
  return (scope, _options, done) => {
    complete = true;
    for (const [url, methods] of taken) refuseOthers(scope as App, url, methods);
    done();
  };
}

function refuseOthers(scope: App, url: string, methods: ReadonlySet<string>): void {
  const allow = allowOf(methods);
  const refuse = async () => {
    throw new Problem("method_not_allowed", { detail: `Allowed: ${allow}.`, headers: { allow } });
  };
  const others = ANSWERED.filter((method) => !methods.has(method));
  scope.route({ url, method: others, schema: HIDDEN, onRequest: refuse, handler: refuse });
  scope.route({ url, method: "OPTIONS", schema: HIDDEN, handler: async (_request, reply) => reply.code(204).send() });
}

function allowOf(methods: ReadonlySet<string>): string {
  return [...methods].sort().join(", ");
}
