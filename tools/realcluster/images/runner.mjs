// A stand-in for the platform's runner: the workspace's files over HTTP on the ports of both hosts, and a WebSocket on the one called `ws` that
// sends back what it gets.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { join, normalize } from "node:path";
import process from "node:process";
import { WebSocketServer } from "ws";

const WORKSPACE = "/workspace";
const PORTS = { ws: 3001, user: 3000 };

async function serveFile(request, response) {
  const { pathname } = new URL(request.url, "http://workspace");
  const path = join(WORKSPACE, normalize(decodeURIComponent(pathname)));
  const file = await stat(path);
  if (file.isDirectory())
    response.writeHead(200, { "content-type": "text/html" }).end("<title>workspace</title>It runs.\n");
  else createReadStream(path).pipe(response.writeHead(200, { "content-length": file.size }));
}

const servers = Object.fromEntries(
  Object.entries(PORTS).map(([name, port]) => {
    const server = createServer((request, response) => {
      serveFile(request, response).catch(() => response.writeHead(404).end("no such file\n"));
    });
    return [name, server.listen(port)];
  }),
);

new WebSocketServer({ server: servers.ws }).on("connection", (socket) => {
  socket.on("message", (data, binary) => socket.send(data, { binary }));
});

process.on("SIGTERM", () => process.exit(0));
