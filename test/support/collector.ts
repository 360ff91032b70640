import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { decodeSpans, type ReceivedSpan } from "./otlp.ts";

/** A collector that keeps what it receives over OTLP/HTTP. */
export interface Collector extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  readonly spans: ReceivedSpan[];
  /** Requests, whatever was in them. */
  requests: number;
  /** How it answers; `silence` keeps the connection open without an answer. */
  behaviour: "take" | "refuse" | "silence";
}

export async function startCollector(): Promise<Collector> {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const collector: Collector = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    requests: 0,
    behaviour: "take",
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    collector.requests += 1;
    const body = await buffer(request);
    if (collector.behaviour === "silence") return;
    if (collector.behaviour === "refuse") return void response.writeHead(400).end("no thank you");
    const isOtlp = request.url === "/v1/traces" && request.headers["content-type"] === "application/x-protobuf";
    if (!isOtlp) return void response.writeHead(404).end();
    collector.spans.push(...decodeSpans(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body));
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  }

  return collector;
}
