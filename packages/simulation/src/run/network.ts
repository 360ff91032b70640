import type { Random } from "../time/random.ts";
import { type Context, currentContext, type SimProcess, type VirtualTime } from "../time/virtual-time.ts";

/** What becomes of one call between two processes. */
export type CallFault =
  /** The caller dies before it is sent, or once it was executed and before the answer arrives. */
  | "crash-before"
  | "crash-after"
  /** Executed, and the answer is lost with its connection. */
  | "lose-reply"
  /** The caller is paused once the call was sent, and goes on later. */
  | "freeze";

/** Decides about each call when it is made. */
export type CallPlan = (process: SimProcess, call: number) => CallFault | undefined;

/** How a server can be reached. */
interface Reachability {
  /** Refuses connections. */
  down: boolean;
  /** Takes requests and works on them only after this moment of virtual time. */
  hungUntilMs: number;
}

/** The network between the simulated processes. */
export interface Network {
  readonly time: VirtualTime;
  readonly redis: Reachability;
  readonly cluster: Reachability;
  /** The present caller, and what is to become of its next call. */
  begin(): { readonly context: Context; readonly fault: CallFault | undefined };
  /** Milliseconds that a message travels. */
  latency(): number;
  /** Has a fault of the caller's own process happen. */
  strike(process: SimProcess, fault: "crash" | "freeze"): void;
}

/** Mostly fractions of a millisecond, at times much longer: enough for any two messages to overtake each other. */
function latencyOf(random: Random): number {
  const dice = random();
  if (dice < 0.9) return 0.2 + random() * 1.5;
  return dice < 0.99 ? random() * 20 : random() * 150;
}

export function createNetwork(
  time: VirtualTime,
  plan: CallPlan,
  strike: (process: SimProcess, fault: "crash" | "freeze") => void,
): Network {
  return {
    time,
    redis: { down: false, hungUntilMs: 0 },
    cluster: { down: false, hungUntilMs: 0 },
    begin() {
      const context = currentContext();
      if (context === undefined) throw new Error("a call from outside of every simulated process");
      context.process.calls += 1;
      return { context, fault: plan(context.process, context.process.calls) };
    },
    latency: () => latencyOf(time.random),
    strike,
  };
}
