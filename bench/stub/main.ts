// A stub of a Kubernetes API server in a process of its own; it prints its address.
// usage: node bench/stub/main.ts --kubeconfig FILE --ca FILE [--latency-ms N] [--no-controllers]
import { writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { parseArgs } from "node:util";
import { createAuthority, writeKubeconfig } from "@repl/testkit";
import { createStub } from "./server.ts";

const { values } = parseArgs({
  options: {
    kubeconfig: { type: "string" },
    ca: { type: "string" },
    "latency-ms": { type: "string", default: "0" },
    "no-controllers": { type: "boolean", default: false },
  },
});
const { kubeconfig = "", ca = "" } = values;
const authority = createAuthority("bench");
const server = createStub({
  certificate: authority.issue("stub"),
  latencyMs: Number(values["latency-ms"]),
  controllers: !values["no-controllers"],
});
server.listen(0, "127.0.0.1", async () => {
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(ca, authority.ca);
  await writeKubeconfig(kubeconfig, { server: url, caPath: ca, token: "bench" });
  process.stdout.write(`listening on ${url}\n`);
});
process.once("SIGTERM", () => process.exit());
