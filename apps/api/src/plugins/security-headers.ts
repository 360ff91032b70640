import helmet from "@fastify/helmet";
import type { App } from "../app-types.ts";

/**
 * Headers for answers that are data, never a page. HSTS is left to whoever ends TLS in front of this service; a page
 * needs a content security policy of its own (route option `helmet`).
 */
export function sendSecurityHeaders(app: App): void {
  void app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    strictTransportSecurity: false,
    xFrameOptions: { action: "deny" },
  });
}
