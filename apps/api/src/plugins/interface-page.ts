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

const PATH = "/docs";

/**
 * Serves `/docs`, where people read the OpenAPI document and try it. Nothing of it begins at the root, since a proxy may
 * have put the api below a path that it does not know of.
 */
export function serveInterfacePage(app: App): void {
  void app.register(swaggerUi, {
    routePrefix: PATH,
    staticCSP: POLICY,
    theme: { title: "The interface of Repl Orchestrator" },
    // Without the bar on top, which offers to load other services' documents.
    uiConfig: { deepLinking: true, layout: "BaseLayout" },
    // Of the address without the slash at its end the page's links would be absolute.
    uiHooks: {
      onRequest: async ({ url }, reply) => (url.split("?", 1)[0] === PATH ? reply.redirect("docs/") : undefined),
    },
    // Requests go to where the document is, which is a folder below the service.
    transformSpecification: (document) => ({ ...document, servers: [{ url: ".." }] }),
    transformSpecificationClone: false,
  });
}
