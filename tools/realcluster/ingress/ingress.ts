// A stand-in for an ingress controller: sends requests, upgrades included, to the Services that the Ingresses of the class `nginx` name.
// usage: node ingress.ts KUBECONFIG HOST PORT
import { createServer, type IncomingMessage, request as send } from "node:http";
import process from "node:process";
import type { Duplex } from "node:stream";
import { createKubeClient, createReflector, KINDS, type KubeObject, loadCredentials } from "@repl/kube";
import { findRoute, type Route, routesOf } from "./routes.ts";

const CLASS = "nginx";
const LONGEST_SILENCE_MS = 5_000;

const [kubeconfig = "", host, port] = process.argv.slice(2);
const client = createKubeClient({
  credentials: await loadCredentials({ kubeconfig, environment: {} }),
  fieldManager: "realcluster-ingress",
});

function watchAll(kind: "Ingress" | "Service", onChange: () => void) {
  const reflector = createReflector<KubeObject>({
    client,
    kind: KINDS[kind],
    namespace: undefined,
    keep: (object) => object,
    onError: (error) => process.stderr.write(`watch on ${kind}: ${error}\n`),
  });
  reflector.subscribe(onChange);
  reflector.start();
  return reflector;
}

let routes: readonly Route[] = [];
const refresh = () => {
  routes = routesOf([...ingresses.store.values()], [...services.store.values()], CLASS);
};
const ingresses = watchAll("Ingress", () => refresh());
const services = watchAll("Service", () => refresh());

function forward({ address, port: to }: Route, { url, method, headers }: IncomingMessage) {
  return send({
    host: address,
    port: to,
    path: url ?? "/",
    method: method ?? "GET",
    headers,
    timeout: LONGEST_SILENCE_MS,
  });
}

const routeOf = ({ headers, url = "/" }: IncomingMessage) => findRoute(routes, headers.host ?? "", url);

const server = createServer((request, response) => {
  const route = routeOf(request);
  if (route === undefined) {
    response.writeHead(404).end("default backend - 404\n");
    return;
  }
  const upstream = forward(route, request);
  upstream.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on("timeout", () => upstream.destroy());
  upstream.on("error", () => (response.headersSent ? response.destroy() : response.writeHead(503).end("no backend\n")));
  request.pipe(upstream);
});

server.on("upgrade", (request, socket, head) => {
  const route = routeOf(request);
  if (route === undefined) {
    socket.destroy();
    return;
  }
  const upstream = forward(route, request);
  upstream.on("upgrade", (answer, peer, first) => {
    const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
    join(socket, peer);
    peer.write(head);
    socket.write(first);
  });
  upstream.on("response", () => socket.destroy());
  upstream.on("error", () => socket.destroy());
  upstream.end();
});

/** Two ends of one connection: what one says the other hears, and both end together. */
function join(left: Duplex, right: Duplex): void {
  left.on("error", () => right.destroy()).pipe(right);
  right.on("error", () => left.destroy()).pipe(left);
}

await Promise.all([ingresses.synced, services.synced]);
server.listen(Number(port), host);
