import type { App, FastifyRequest } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";
import { invalidBody } from "../problems/to-problem.ts";

/** JSON is always UTF-8 (RFC 8259); the parameter is allowed because many clients send it. */
const JSON_MEDIA_TYPE = /^application\/json(; ?charset=utf-8)?$/i;

/**
 * Takes bodies that are plain JSON in valid UTF-8 and nothing else. Fastify's own parsers would take text/plain,
 * ignore Content-Encoding and replace invalid bytes. A byte order mark is ignored, as RFC 8259 8.1 allows; of a
 * repeated key the last value counts, and only that one is validated and used.
 */
export function takePlainJson(app: App): void {
  app.removeAllContentTypeParsers();
  const parseText = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, bytes, done) => {
    const text = decode(bytes);
    if (text === undefined) done(invalidBody("is not valid UTF-8"));
    else void parseText(request, text, done);
  });
  app.addHook("preParsing", async (request) => {
    if (request.routeOptions.schema?.body !== undefined) checkHeaders(request);
  });
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function checkHeaders({ headers }: FastifyRequest): void {
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  if (!hasBody) throw invalidBody("is missing");
  if (headers["content-encoding"] !== undefined) {
    throw new Problem("unsupported_media_type", { detail: "Content-Encoding is not supported." });
  }
  if (!JSON_MEDIA_TYPE.test(headers["content-type"] ?? "")) {
    throw new Problem("unsupported_media_type", { detail: "Content-Type must be application/json." });
  }
}
