import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server was asked, in order. */
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Answers one request; it may also leave it open. */
export type Answer = (response: ServerResponse, asked: Asked) => void;

/** A server that answers its requests one after the other as it is told; the last answer is repeated. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[];
}

/** Starts the server on a free port of loopback. */
export async function startScriptedServer(...answers: readonly Answer[]): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const one = await describe(request);
    asked.push(one);
    answers[Math.min(asked.length, answers.length) - 1]?.(response, one);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function describe(request: IncomingMessage): Promise<Asked> {
  const { method = "", url = "", headers } = request;
  const body = (await request.toArray()).join("");
  return { method, url, headers, body };
}

/** JSON with that status. */
export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

/** An error as the service sends it. */
export const problem = (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  json({ title: `It is ${code}.`, status, code, requestId: "request-1" }, status, headers);

/** An event stream of those pieces, which then ends. */
export const stream =
  (...pieces: readonly string[]): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces) response.write(piece);
    response.end();
  };

/** One event that carries a value. */
export const event = (id: number, value: unknown): string =>
  `id: ${id}\nevent: progress\ndata: ${JSON.stringify(value)}\n\n`;

/** Never answers. */
export const silence: Answer = () => {};
