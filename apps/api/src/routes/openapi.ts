import Type from "typebox";
import type { App } from "../app-types.ts";
import { problemResponses } from "../problems/problem-schema.ts";

const schema = {
  operationId: "getOpenApi",
  summary: "This document",
  tags: ["service"],
  security: [],
  response: {
    200: {
      description: "OpenAPI 3.1.",
      content: {
        "application/json": { schema: Type.Object({ openapi: Type.String() }, { additionalProperties: true }) },
      },
    },
    ...problemResponses(),
  },
};

/** `GET /openapi.json` */
export function openapiRoute(app: App): void {
  app.get("/openapi.json", { schema }, async (_request, reply) => {
    reply.header("cache-control", "no-cache");
    return app.swagger() as { openapi: string };
  });
}
