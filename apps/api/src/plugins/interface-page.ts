import swaggerUi from "@fastify/swagger-ui";
import type { App } from "../app-types.ts";

/** What the page brings itself. It styles by attributes, and must work over plain HTTP within a cluster. */
const POLICY = {
  "default-src": ["'self'"],
  "img-src": ["'self'", "data:"],
  "style-src": ["'self'", "'unsafe-inline'"],
  "object-src": ["'none'"],
  "base-uri": ["'none'"],
  "frame-ancestors": ["'none'"],
};

/** Serves `/docs`, where people read the OpenAPI document and try it. */
export function serveInterfacePage(app: App): void {
  void app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: POLICY,
    theme: { title: "The interface of Repl Orchestrator" },
    // Without the bar on top, which offers to load other services' documents.
    uiConfig: { deepLinking: true, url: "/openapi.json", layout: "BaseLayout" },
  });
}
