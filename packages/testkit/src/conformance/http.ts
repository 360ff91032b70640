import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { text as readText } from "node:stream/consumers";
import type { CallOptions, ConformanceTarget, Json, Reply } from "./target.ts";

/** No call of the suite takes longer than this, milliseconds. */
const CALL_TIMEOUT_MS = 20_000;

const bodyText = ({ body }: CallOptions): string | undefined =>
  body === undefined || typeof body === "string" ? body : JSON.stringify(body);

/** The length is always said: without it node sends the body of a DELETE unframed, and it is lost. */
function headersFor(target: ConformanceTarget, options: CallOptions): Record<string, string> {
  const body = bodyText(options);
  const token = options.token === undefined ? target.token : options.token;
  return {
    accept: options.accept ?? "application/json",
    "user-agent": "conformance/1",
    ...(body === undefined
      ? {}
      : {
          "content-type": options.contentType ?? "application/json",
          "content-length": String(Buffer.byteLength(body)),
        }),
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
}

/** Sends one request and resolves with its response as soon as the headers are there. */
function open(
  target: ConformanceTarget,
  method: string,
  path: string,
  options: CallOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const url = new URL(path, target.url);
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = send(
    url,
    {
      method,
      headers: headersFor(target, options),
      agent: false,
      signal,
      ...(target.ca === undefined ? {} : { ca: target.ca }),
    },
    resolve,
  );
  request.on("error", reject);
  request.end(bodyText(options));
  return promise;
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Calls the API server and reads the whole answer, whatever its status. */
export async function call(
  target: ConformanceTarget,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Reply> {
  const response = await open(target, method, path, options, AbortSignal.timeout(CALL_TIMEOUT_MS));
  const text = await readText(response);
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: parse(text) };
}

/** One line of a watch. */
export interface WatchEvent {
  readonly type: string;
  readonly object: Json;
}

/** Reads a watch to its end, or until `done` says that enough has come. */
export async function watch(
  target: ConformanceTarget,
  path: string,
  done: (events: readonly WatchEvent[]) => boolean = () => false,
): Promise<readonly WatchEvent[]> {
  const abort = new AbortController();
  const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
  const response = await open(target, "GET", path, {}, signal);
  const events: WatchEvent[] = [];
  let rest = "";
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") events.push(JSON.parse(line) as WatchEvent);
      if (done(events)) break;
    }
  } finally {
    abort.abort();
  }
  return events;
}
