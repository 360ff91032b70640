import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type OwnTestCluster, startTestCluster } from "./start-test-cluster.ts";

/** Starts one cluster for all test files of a run, when the first of them asks for it. */
export interface SharedCluster {
  /** GET answers the data folder of the running cluster, or 500 with the reason why there is none. */
  readonly url: string;
  /** Stops the cluster when it was started. */
  stop(): Promise<void>;
}

/** Opens the door at which test files, each in a process of its own, ask for the run's cluster. */
export async function openSharedCluster(): Promise<SharedCluster> {
  let starting: Promise<OwnTestCluster> | undefined;
  const server = createServer((_request, response) => {
    starting ??= startTestCluster();
    starting.then(
      ({ dataDir }) => response.end(dataDir),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      server.close();
      server.closeAllConnections();
      const cluster = await starting?.catch(() => undefined);
      await cluster?.stop();
    },
  };
}
