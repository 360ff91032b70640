import { type Answer, createSimulatorCore, DEFAULT_OPTIONS, type Schema, type SimulatorCore } from "@repl/simulator";
import type { Network } from "../run/network.ts";
import { type Context, inContext, type SimProcess } from "../time/virtual-time.ts";

/** One call as the API server worked on it. */
export interface ServedCall {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly answer: Answer | undefined;
  /** Whether the answer never reaches its caller, who can heed nothing that it says. */
  readonly answerLost: boolean;
  readonly by: string;
  readonly run: string | undefined;
  /** When it left its sender, virtual milliseconds. */
  readonly sentAtMs: number;
}

/** A request on its way. */
export interface ClusterRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly answerLost: boolean;
  /** When it left, virtual milliseconds. */
  readonly sentAtMs: number;
}

/** What the caller's side of a connection is told. All of it runs in the caller's process. */
export interface CallerSide {
  answered(answer: Answer): void;
  opened(): void;
  received(text: string): void;
  ended(): void;
  cut(): void;
}

const TOKEN = "simulation";

/** The Kubernetes of one schedule: the simulator's core behind the simulated network. */
export class ClusterServer {
  readonly core: SimulatorCore;
  readonly context: Context;
  readonly #network: Network;
  readonly #onServed: (call: ServedCall) => void;
  /** While it is, a list is answered with what the newest one of its path was answered before. */
  listsAreOld = false;
  readonly #lists = new Map<string, Answer>();
  readonly #open = new Map<SimProcess, Set<() => void>>();
  #writes = 0;

  constructor(network: Network, schema: Schema, onServed: (call: ServedCall) => void) {
    this.#network = network;
    this.#onServed = onServed;
    this.context = { process: network.time.process("cluster") };
    // The product neither applies nor reads what managedFields say.
    const options = { ...DEFAULT_OPTIONS, token: TOKEN, auditLimit: 0, managedFields: false };
    const surroundings = { connections: () => ({ opened: 0, open: 0 }), authority: "", schema };
    this.core = inContext(this.context, () => createSimulatorCore(options, surroundings));
  }

  /** Whether a write is held up that may yet be executed, its sender gone or not. */
  get isWriting(): boolean {
    return this.#writes > 0;
  }

  get network(): Network {
    return this.#network;
  }

  /** Works on a request that has arrived. `caller` is whose messages travel back. */
  serve(request: ClusterRequest, caller: Context, side: CallerSide): { close(): void } {
    const { time } = this.#network;
    const by = caller.process.name;
    const back = (pauseMs: number, deliver: () => void) => time.after(pauseMs, caller, deliver);
    let onClose = () => {};
    let arrivesMs = 0;
    // A stream keeps its order.
    const inOrder = (deliver: () => void) => {
      arrivesMs = Math.max(arrivesMs, time.nowMs + this.#network.latency());
      back(arrivesMs - time.nowMs, deliver);
    };
    const connection = {
      close: () => {
        this.#open.get(caller.process)?.delete(connection.close);
        time.after(0, this.context, () => onClose());
      },
    };
    const cut = () => {
      connection.close();
      inOrder(side.cut);
    };
    const peer = {
      body: async () => request.body,
      cut,
      stream: () => {
        inOrder(side.opened);
        this.#connected(caller.process, connection.close);
        return {
          write: (text: string) => inOrder(() => side.received(text)),
          end: () => {
            connection.close();
            inOrder(side.ended);
          },
          onClose: (listener: () => void) => {
            onClose = listener;
          },
        };
      },
    };
    const { method, path, body, headers, answerLost, sentAtMs } = request;
    const head = { method, url: path, headers: { ...headers, authorization: `Bearer ${TOKEN}` } };
    const context = { ...this.context, request: { by, run: caller.run } };
    const isWrite = method !== "GET";
    if (isWrite) this.#writes += 1;
    inContext(context, () => this.core.handle(head, peer)).then(
      (current) => {
        if (isWrite) this.#writes -= 1;
        const answer = isList(request) ? this.#listed(path, current) : current;
        this.#onServed({ method, path, body, answer, answerLost, by, run: caller.run, sentAtMs });
        if (answer !== undefined) inOrder(() => side.answered(answer));
      },
      (error: unknown) => {
        throw error;
      },
    );
    return connection;
  }

  /** A request by hand, as an operator's `kubectl` makes it; the network does not touch it. */
  async byHand(request: Pick<ClusterRequest, "method" | "path" | "body">): Promise<Answer | undefined> {
    const { method, path, body } = request;
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", "user-agent": "kubectl" };
    const context = { ...this.context, request: { by: "kubectl", run: undefined } };
    const peer = {
      body: async () => body,
      cut: () => {},
      stream: () => ({ write: () => {}, end: () => {}, onClose: () => {} }),
    };
    const answer = await inContext(context, () => this.core.handle({ method, url: path, headers }, peer));
    const sentAtMs = this.#network.time.nowMs;
    this.#onServed({ method, path, body, answer, answerLost: false, by: "kubectl", run: undefined, sentAtMs });
    return answer;
  }

  /** Ends the connections of a process that is gone. */
  disconnect(process: SimProcess): void {
    for (const close of [...(this.#open.get(process) ?? [])]) close();
    this.#open.delete(process);
  }

  #listed(path: string, current: Answer | undefined): Answer | undefined {
    const old = this.listsAreOld ? this.#lists.get(path) : undefined;
    if (old !== undefined) return old;
    if (current?.code === 200) this.#lists.set(path, current);
    return current;
  }

  #connected(process: SimProcess, close: () => void): void {
    const own = this.#open.get(process) ?? new Set();
    this.#open.set(process, own.add(close));
  }
}

const isList = ({ method, path }: ClusterRequest) => method === "GET" && path.includes("?") && !path.includes("watch=");
