import { pairsOf } from "@repl/checker";
import { Redis } from "ioredis";

/** A job's record after a change, by field. */
type OnChange = (fields: ReadonlyMap<string, string>) => void;

/** Changes of jobs as Redis publishes them. */
export interface JobChanges {
  /** Resolves once everything has been told that was published up to now. */
  caughtUp(): Promise<void>;
  close(): void;
}

/** Follows the channel of a Redis on this machine, whatever becomes of it: what is published without a listener is lost. */
export async function followJobs(port: number, channel: string, onChange: OnChange): Promise<JobChanges> {
  const subscriber = new Redis(port, "127.0.0.1", {
    maxRetriesPerRequest: null,
    retryStrategy: () => 20,
    // It would wait for a second or more while Redis loads its data. One may subscribe to a Redis that does.
    enableReadyCheck: false,
    // A frozen Redis accepts the connection and says nothing.
    connectTimeout: 60_000,
  });
  subscriber.on("error", () => {}); // It is killed on purpose.
  subscriber.on("message", (_channel, message) => onChange(pairsOf(JSON.parse(message))));
  await subscriber.subscribe(channel);
  return {
    async caughtUp() {
      await subscriber.ping().catch(() => {});
    },
    close: () => subscriber.disconnect(),
  };
}
