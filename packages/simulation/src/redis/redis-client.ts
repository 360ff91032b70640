import { currentContext } from "../time/virtual-time.ts";
import type { Reply } from "./memory-redis.ts";
import { type LinkKind, RedisLink } from "./redis-link.ts";
import type { RedisServer } from "./redis-server.ts";

type Argument = string | number;

/** As much of ioredis' client as the stores use, on a link to a {@link RedisServer}. */
export class RedisClient {
  readonly server: RedisServer;
  readonly link: RedisLink;
  readonly #kind: LinkKind;
  #onMessage: ((channel: string, message: string) => void) | undefined;

  constructor(server: RedisServer, kind: LinkKind) {
    this.server = server;
    this.#kind = kind;
    this.link = new RedisLink(server.network, server.context, kind);
  }

  /** A second connection like this one, as BullMQ's workers open it. */
  duplicate(): RedisClient {
    return new RedisClient(this.server, this.#kind);
  }

  disconnect(): void {
    this.link.close();
  }

  defineCommand(name: string, { lua, numberOfKeys }: { lua: string; numberOfKeys: number }): void {
    const run = (...args: Argument[]) => {
      const keys = args.slice(0, numberOfKeys).map(String);
      return this.link.send(() => this.server.data.evaluate(lua, keys, args.slice(numberOfKeys)));
    };
    Object.assign(this, { [name]: run });
  }

  #run(name: string, ...args: Argument[]): Promise<Reply> {
    return this.link.send(() => this.server.data.execute(name, args));
  }

  time = () => this.#run("TIME");
  get = (key: string) => this.#run("GET", key);
  set = (key: string, value: Argument, ...options: string[]) => this.#run("SET", key, value, ...options);
  smembers = (key: string) => this.#run("SMEMBERS", key);
  zrange = (key: string, low: string, high: string, ...options: string[]) =>
    this.#run("ZRANGE", key, low, high, ...options);

  hgetall = async (key: string): Promise<Record<string, string>> => {
    const flat = (await this.#run("HGETALL", key)) as string[];
    const pairs = flat.flatMap((field, at) => (at % 2 === 0 ? [[field, flat[at + 1] as string] as const] : []));
    return Object.fromEntries(pairs);
  };

  /** All commands in one round trip and at one moment. */
  multi() {
    const commands: (readonly [name: string, args: Argument[]])[] = [];
    const { data } = this.server;
    const exec = (): [Error | null, Reply][] =>
      commands.map(([name, args]) => {
        try {
          return [null, data.execute(name, args)];
        } catch (error) {
          return [error as Error, null];
        }
      });
    return {
      hmget: (...args: Argument[]) => commands.push(["HMGET", args]),
      zrange: (...args: Argument[]) => commands.push(["ZRANGE", args]),
      exec: () => this.link.send(exec),
    };
  }

  on(event: string, listener: (channel: string, message: string) => void): this {
    if (event === "message") this.#onMessage = listener;
    return this;
  }

  async subscribe(channel: string): Promise<void> {
    const context = currentContext();
    await this.link.send(() => {
      if (context === undefined) throw new Error("a subscription from outside of every simulated process");
      const listener = (from: string, message: string) => this.#onMessage?.(from, message);
      this.server.subscribe({ channel, context, listener, isOpen: () => !this.link.isClosed });
    });
  }
}
