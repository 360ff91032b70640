import type { App, FastifyRequest } from "../app-types.ts";
import { Problem } from "../problems/problem.ts";
import { invalidBody } from "../problems/to-problem.ts";

/** JSON is always UTF-8 (RFC 8259); the parameter is allowed because many clients send it. */
const JSON_MEDIA_TYPE = /^application\/json(; ?charset=(utf-8|"utf-8"))?$/i;

const UTF_8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Takes bodies that are plain JSON in valid UTF-8 and nothing else. Fastify's own parsers would take text/plain,
 * ignore Content-Encoding and replace invalid bytes. A byte order mark is ignored, as RFC 8259 8.1 allows; of a
 * repeated key the last value counts, and only that one is validated and used.
 */
export function takePlainJson(app: App): void {
  app.removeAllContentTypeParsers();
  const parseText = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, bytes, done) => {
    // Clients that send a type with every POST, to an address that takes no body.
    if (bytes.length === 0 && request.routeOptions.schema?.body === undefined) return done(null, undefined);
    const text = decode(bytes);
    if (text === undefined) done(invalidBody("is not valid UTF-8"));
    else void parseText(request, text, done);
  });
  app.addHook("preParsing", (request, _reply, payload, done) => {
    if (request.routeOptions.schema?.body === undefined) done(null, payload);
    else done(wrongHeaders(request), payload);
  });
}

/** Without a byte order mark; undefined where the bytes are no UTF-8. */
function decode(bytes: Buffer): string | undefined {
  try {
    return UTF_8.decode(bytes);
  } catch {
    return undefined;
  }
}

function wrongHeaders({ headers }: FastifyRequest): Problem | null {
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  if (!hasBody) return invalidBody("is missing");
  if (headers["content-encoding"] !== undefined) {
    return new Problem("unsupported_media_type", { detail: "Content-Encoding is not supported." });
  }
  if (!JSON_MEDIA_TYPE.test(headers["content-type"] ?? "")) {
    return new Problem("unsupported_media_type", { detail: "Content-Type must be application/json." });
  }
  return null;
}
