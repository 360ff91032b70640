import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { JOB_STATES, ReplId, UserId } from "@repl/contract";
import fastify from "fastify";
import Type from "typebox";

const Order = Type.Object({ replId: ReplId, userId: Type.Optional(UserId) }, { additionalProperties: false });
const Accepted = Type.Object({
  jobId: Type.String(),
  replId: ReplId,
  state: Type.Enum([...JOB_STATES]),
  statusUrl: Type.String(),
  eventsUrl: Type.String(),
});

/** A Fastify app with the schemas of `POST /start` and no checks. @param accept gives the job's id */
export function bareApp(accept: (replId: string) => string | Promise<string>) {
  const app = fastify().withTypeProvider<TypeBoxTypeProvider>();
  app.post("/start", { schema: { body: Order, response: { 202: Accepted } } }, async (request, reply) => {
    const { replId } = request.body;
    const jobId = await accept(replId);
    reply.code(202);
    const statusUrl = `/jobs/${jobId}`;
    return { jobId, replId, state: "queued" as const, statusUrl, eventsUrl: `${statusUrl}/events` };
  });
  return app;
}
