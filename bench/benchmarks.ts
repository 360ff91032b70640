import { acceptingCalmly } from "./accepting/calm-load.ts";
import { fullQueue } from "./accepting/full-queue.ts";
import { jobStatus } from "./accepting/job-status.ts";
import { queuePeers } from "./accepting/peers.ts";
import { acceptingStarts } from "./accepting/start.ts";
import type { Benchmark } from "./frame/figure.ts";
import { latency } from "./latency/latency.ts";
import { timeToReady } from "./latency/time-to-ready.ts";
import { cpuPerStart } from "./provisioning/cpu-per-start.ts";
import { onCluster } from "./provisioning/on-cluster.ts";
import { tracingCost } from "./provisioning/tracing-cost.ts";
import { workerProcesses } from "./provisioning/worker-processes.ts";
import { followers } from "./scale/followers.ts";
import { keptJobs } from "./scale/kept-jobs.ts";
import { manyRepls } from "./scale/many-repls.ts";
import { startup } from "./startup.ts";

/** All benchmarks, in the order in which they run. */
export const BENCHMARKS: readonly Benchmark[] = [
  acceptingStarts,
  acceptingCalmly,
  fullQueue,
  jobStatus,
  queuePeers,
  startup,
  cpuPerStart,
  onCluster,
  latency,
  workerProcesses,
  manyRepls,
  keptJobs,
  followers,
  tracingCost,
  timeToReady,
];
