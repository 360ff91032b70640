import { type Connections, createKubeClient, type KubeClient } from "@repl/kube";
import type { ClusterServer } from "./cluster-server.ts";
import { MemoryDispatcher } from "./memory-dispatcher.ts";

/** A client of the simulated cluster: all of the product's own, down to the bytes; only the network is another one. */
export function connectToCluster(server: ClusterServer, userAgent: string): KubeClient {
  const access = { headers: {}, tls: {}, tlsRevision: 0 };
  const credentials = {
    server: "http://cluster.simulation",
    access: async () => access,
    reload: async () => access,
  };
  return createKubeClient({ credentials, fieldManager: "repl-orchestrator", userAgent, connections: memory(server) });
}

function memory(server: ClusterServer): Connections {
  const calls = new MemoryDispatcher(server);
  const watches = new Set<MemoryDispatcher>();
  return {
    calls: () => calls,
    watch() {
      const dispatcher = new MemoryDispatcher(server);
      watches.add(dispatcher);
      return dispatcher;
    },
    discard(dispatcher) {
      watches.delete(dispatcher as MemoryDispatcher);
      void dispatcher.destroy();
    },
    opened: 0,
    open: 0,
    close: async () => {
      await Promise.all([calls, ...watches].map((dispatcher) => dispatcher.destroy()));
    },
  };
}
