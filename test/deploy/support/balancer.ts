import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Where connections may go: an address, and what tells whether it is ready. */
interface Backend {
  readonly url: string;
  readonly opsUrl: string;
}

/**
 * Spreads connections over those backends that were ready at the last look, in turn, as a Service does. A connection
 * stays with its backend, whatever becomes of that.
 */
export interface Balancer extends AsyncDisposable {
  readonly url: string;
  /** From the first look on that finds it ready. */
  add(backend: Backend): void;
  /** Backends that get connections now. */
  ready(): readonly Backend[];
}

/** How far behind it may be, as endpoints are behind their pods. */
const LOOK_EVERY_MS = 500;
const LONGEST_LOOK_MS = 2_000;

export async function startBalancer(): Promise<Balancer> {
  const backends = new Map<Backend, boolean>();
  const sockets = new Set<Socket>();
  const ready = () => [...backends].filter(([, isReady]) => isReady).map(([backend]) => backend);
  let turn = 0;

  const server = createServer((client) => {
    const candidates = ready();
    turn += 1;
    const chosen = candidates[turn % candidates.length];
    if (chosen === undefined) return void client.resetAndDestroy();
    const upstream = connect(Number(new URL(chosen.url).port), "127.0.0.1");
    join(client, upstream);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const looks = setInterval(() => {
    for (const backend of backends.keys()) {
      void isReady(backend).then((now) => backends.set(backend, now ?? backends.get(backend) ?? false));
    }
  }, LOOK_EVERY_MS);

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (backend) => void backends.set(backend, false),
    ready,
    async [Symbol.asyncDispose]() {
      clearInterval(looks);
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** What ends one side ends the other in the same way. */
function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.once("error", () => to.resetAndDestroy());
  }
}

/** Whether it says so; undefined where it takes too long to say anything, which a probe's threshold lets pass. */
async function isReady({ opsUrl }: Backend): Promise<boolean | undefined> {
  try {
    const answer = await fetch(`${opsUrl}/readyz`, { signal: AbortSignal.timeout(LONGEST_LOOK_MS) });
    await answer.body?.cancel();
    return answer.ok;
  } catch (error) {
    return (error as Error).name === "TimeoutError" ? undefined : false;
  }
}
