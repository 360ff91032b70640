import type { Redis } from "ioredis";
import { OwnDatabaseRedis } from "./own-database-redis.ts";

/**
 * A connection whose commands of one turn of the event loop leave in one write. Each write of its own costs the process
 * as much as all the rest of a command. Unlike ioredis' automatic pipelines the commands stay commands of their own: after a
 * lost connection each is sent again, where a pipeline would fail that was answered in part.
 */
export class GatheringRedis extends OwnDatabaseRedis {
  #gathering = false;

  override sendCommand(...sent: Parameters<Redis["sendCommand"]>): ReturnType<Redis["sendCommand"]> {
    if (!this.#gathering && this.status === "ready") this.#gather();
    return super.sendCommand(...sent);
  }

  #gather(): void {
    const { stream } = this;
    this.#gathering = true;
    stream.cork();
    setImmediate(() => {
      this.#gathering = false;
      stream.uncork();
    });
  }
}
