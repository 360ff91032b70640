import type { Page, PageFile } from "@repl/web";
import type { App } from "../app-types.ts";
import { problemResponses } from "../problems/problem-schema.ts";
import { matches } from "../routes/etag.ts";
import { policyText } from "./security-headers.ts";

/** Not part of the interface that clients program against. */
const schema = { hide: true, response: problemResponses() } as object;

/** Serves the page at `/` and what it loads; nobody needs a token for that, only for what the page then asks for. */
export function servePage(scope: App, { files, contentSecurityPolicy }: Page): void {
  const policy = { "content-security-policy": policyText(contentSecurityPolicy) };
  for (const file of files) serve(scope, file, file.path === "/" ? policy : {});
}

/** Browsers ask each time whether a file is still the same, so that a new version of the service is seen at once. */
function serve(scope: App, { path, contentType, body, etag }: PageFile, headers: Record<string, string>): void {
  scope.get(path, { schema }, async (request, reply) => {
    reply.headers({ etag, "cache-control": "no-cache", ...headers });
    if (matches(request.headers["if-none-match"], etag)) return reply.code(304).send();
    return reply.type(contentType).send(body);
  });
}
