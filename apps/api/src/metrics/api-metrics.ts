import { type Acceptance, JOB_KINDS, type JobKind } from "@repl/contract";
import { combinations } from "@repl/ops";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

type OrderOutcome = Acceptance["outcome"];

/** All of them, so that each is counted from 0; `outdated` cannot come up in the api. */
const ORDER_OUTCOMES: readonly OrderOutcome[] = [
  ...(["accepted", "joined", "replayed"] as const),
  ...(["foreign", "full", "user_limit", "rate_limited", "other_order"] as const),
];

/** One answered request. */
interface AnsweredRequest {
  readonly method: string;
  /** The route's pattern, never the address itself; "none" where no route was met. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** What the api counts. No label has a repl, a user or an address in it. */
export interface ApiMetrics {
  readonly answered: (request: AnsweredRequest) => void;
  readonly ordered: (kind: JobKind, outcome: OrderOutcome) => void;
}

/** From the fastest answer to the longest `wait`. */
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];

/** Adds the api's metrics to a registry. */
export function createApiMetrics(registry: Registry, followers: () => number): ApiMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: "http_requests_total",
    help: "Requests that were answered on the public port.",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const durations = new Histogram({
    name: "http_request_duration_seconds",
    help: "From a request's first byte to the end of its answer; of streams and `wait` it is how long they were followed.",
    labelNames: ["method", "route"],
    buckets: SECONDS,
    registers,
  });
  const orders = new Counter({
    name: "repl_orders_total",
    help: "Starts and stops that were asked for, by what became of them.",
    labelNames: ["kind", "outcome"],
    registers,
  });
  for (const labels of combinations({ kind: JOB_KINDS, outcome: ORDER_OUTCOMES })) orders.inc(labels, 0);
  new Gauge({
    name: "repl_followers",
    help: "Requests that wait for a job's changes.",
    registers,
    collect() {
      this.set(followers());
    },
  });
  return {
    answered: ({ method, route, status, seconds }) => {
      requests.inc({ method, route, status });
      durations.observe({ method, route }, seconds);
    },
    ordered: (kind, outcome) => orders.inc({ kind, outcome }),
  };
}
