import type { FastifyInstance } from "fastify";

/** What a page may load: the sources of each directive of CSP 3, directives by their names in camel case. */
export type ContentPolicy = Readonly<Record<string, readonly string[]>>;

/** The same for every answer, after Helmet's defaults. HSTS is left to whoever ends TLS in front of this service. */
const ALWAYS = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "origin-agent-cluster": "?1",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-dns-prefetch-control": "off",
  "x-download-options": "noopen",
  "x-frame-options": "DENY",
  "x-permitted-cross-domain-policies": "none",
  "x-xss-protection": "0",
};

/** Answers that are data, never a page. */
const NOTHING: ContentPolicy = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

/**
 * Puts the headers that keep browsers from doing more with an answer than it is meant for on every answer of this scope.
 * They are made once, since no request changes them.
 * @param policy of the scope's pages; left out: its answers are data. A route may set `content-security-policy` itself.
 */
export function sendSecurityHeaders(scope: Pick<FastifyInstance, "addHook">, policy: ContentPolicy = NOTHING): void {
  const headers = { ...ALWAYS, "content-security-policy": policyText(policy) };
  scope.addHook("onRequest", (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
}

/** The policy as the header `content-security-policy` has it. */
export function policyText(policy: ContentPolicy): string {
  const name = (directive: string) => directive.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.entries(policy)
    .map(([directive, sources]) => [name(directive), ...sources].join(" "))
    .join(";");
}
