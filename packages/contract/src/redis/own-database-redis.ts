import { Redis, type RedisOptions } from "ioredis";

/**
 * A connection that works in the database of its options or not at all. ioredis only emits a SELECT of its handshake that
 * failed, and goes on in database 0, where another installation may be. Here it ends the handshake as a refused password
 * does: the connection is closed before it is ready, with an `error`, and made again. SELECT must not be used otherwise.
 */
export class OwnDatabaseRedis extends Redis {
  #failure: Error | undefined;

  override select(...[database, ...rest]: Parameters<Redis["select"]>): ReturnType<Redis["select"]> {
    return super.select(database, ...rest).catch((error: Error) => {
      this.#failure = databaseError(database, error);
      throw this.#failure;
    });
  }

  /** ioredis ends a handshake whose error is thrown on, and emits it then. */
  override silentEmit(eventName: string, error?: unknown): boolean {
    if (error === undefined || error !== this.#failure) return super.silentEmit(eventName, error);
    this.#failure = undefined;
    throw error;
  }

  /** BullMQ makes its blocking connection so; ioredis' own would be one without all this. */
  override duplicate(options?: Partial<RedisOptions>): ReturnType<Redis["duplicate"]> {
    return new OwnDatabaseRedis({ ...this.options, ...options } as Omit<RedisOptions, "replyMapping">);
  }
}

/** Of a refusal, and of an answer that is late: it may yet be one. */
function databaseError(database: number | string, cause: Error): Error {
  return new Error(`REDIS_URL names database ${database}, which cannot be selected: ${cause.message}`, { cause });
}
