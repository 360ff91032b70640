import swagger from "@fastify/swagger";
import type { FastifySchema } from "fastify";
import Type from "typebox";
import type { App } from "../app-types.ts";

/** Version of the HTTP interface, not of the software: it grows when clients must change. */
const INTERFACE_VERSION = "1.0.0";

const DESCRIPTION = `Starts and stops repls: workspaces on Kubernetes.

\`POST /start\` accepts a start at once and answers the job that does it. Follow the job by polling \`GET /jobs/{jobId}\`
(cheap with \`If-None-Match\`, or waiting with \`wait\`) or by \`GET /jobs/{jobId}/events\`. Every error is an RFC 9457 problem
with a \`code\`.`;

/**
 * Collects the schemas of all routes into an OpenAPI 3.1 document. The schemas given, and all those inside them that
 * have an `$id`, become its components by that name.
 */
export function describeRoutes(app: App, schemas: readonly Type.TSchema[]): void {
  for (const schema of namedWithin(schemas).values()) app.addSchema(withReferences(schema));
  void app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Repl Orchestrator",
        version: INTERFACE_VERSION,
        description: DESCRIPTION,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      components: {
        securitySchemes: {
          bearer: {
            type: "http",
            scheme: "bearer",
            bearerFormat: "JWT",
            description:
              "A token of the identity provider; its subject is the user. Needed where the service asks for it.",
          },
          queryToken: {
            type: "apiKey",
            in: "query",
            name: "access_token",
            description:
              "The same token, for a browser's EventSource, which cannot send headers; it is never logged. Use a short-lived one.",
          },
        },
      },
      security: [{ bearer: [] }, {}],
      tags: [
        { name: "repls", description: "Starting and stopping repls." },
        { name: "jobs", description: "Following what was accepted." },
        { name: "service", description: "The service itself." },
      ],
    },
    // Bodies are validated by their whole schema, and described by its name.
    transform: ({ schema = {}, url }) => ({ schema: withReferences(withRequestIds(schema)) as FastifySchema, url }),
    refResolver: { buildLocalReference: (schema) => String(schema.$id) },
  });
}

/** Every answer of every route has this header. */
const REQUEST_ID = Type.String({
  description: "Names the request in the service's log: the client's own id, or a new one.",
});

function withRequestIds(schema: FastifySchema): FastifySchema {
  const { response = {} } = schema as { response?: Record<string, { headers?: object }> };
  const described = Object.entries(response).map(([status, answer]) => {
    return [status, { ...answer, headers: { ...answer.headers, "X-Request-Id": REQUEST_ID } }] as const;
  });
  return { ...schema, response: Object.fromEntries(described) };
}

/** A copy in which every schema with a name, the outermost excepted, has become a reference to that name. */
function withReferences(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(referenceTo);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, referenceTo(part)]));
}

function referenceTo(schema: unknown): unknown {
  const name = nameOf(schema);
  return name === undefined ? withReferences(schema) : { $ref: `${name}#` };
}

/** Every schema with a name, however deep inside, by its name. */
function namedWithin(schema: unknown): Map<string, unknown> {
  if (typeof schema !== "object" || schema === null) return new Map();
  const name = nameOf(schema);
  const inside = Object.values(schema).flatMap((part) => [...namedWithin(part)]);
  return new Map(name === undefined ? inside : [...inside, [name, schema]]);
}

function nameOf(schema: unknown): string | undefined {
  const { $id } = (schema ?? {}) as { $id?: unknown };
  return typeof $id === "string" ? $id : undefined;
}
