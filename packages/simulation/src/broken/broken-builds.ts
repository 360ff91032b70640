import type { Edit, SimulatedBuild } from "./broken-build.ts";

/** Seeds that show a build which others do not show soon. */
const SEEDS: Readonly<Record<string, number>> = {
  "the sweep repairs only what is gone altogether": 157,
  "lost jobs are not queued again": 188,
  "the sweep passes for a user": 62,
  "failed jobs stay open": 134,
  "failed starts are not cleaned up, and the sweep leaves orphans": 134,
  "a start behind a stop does not change the intent": 156,
  "all pods count as everybody's": 57,
  "whatever has the name is adopted": 134,
  "stops delete by name, whosever it is": 45,
  "Retry-After is not honoured": 30,
  "the answer waits until Redis is back": 56,
  "names are cut short": 68,
  "an attempt that has lost its repl writes on, and the sweep deletes only what failed starts left": 2_060,
};

const STORE = "packages/contract/src/store";
const PROVISION = "packages/provision/src";
const WORKER = "apps/worker/src";

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });
const broken = (breaks: string, name: string, ...edits: Edit[]): SimulatedBuild => ({
  name,
  breaks,
  edits,
  seed: SEEDS[name] ?? 1,
});

const SWEEP_KEEPS_ORPHANS = edit(
  `${PROVISION}/sweep/compare.ts`,
  'alive.map((resource) => orphan(resource, "its repl is meant to be stopped"))',
  "[]",
);
/** Neither the guard before a write nor the abort ends an attempt that has lost its repl, or was cancelled. */
const WITHOUT_FENCE = [
  edit(`${WORKER}/leases.ts`, "guard: () => asking ?? ask(renewed),", "guard: async () => void (asking ?? ask),"),
  edit(`${WORKER}/leases.ts`, "if (!signal.aborted)", "if (!signal.aborted && reason === 'shutdown')"),
];
const LEASE_WITHOUT_END = [
  edit(`${STORE}/begin.lua`, "redis.call('SET', leaseKey, token, 'PX', ARGV[3])", "redis.call('SET', leaseKey, token)"),
  edit(`${STORE}/report.lua`, "redis.call('PEXPIRE', leaseKey, ARGV[4])", ""),
  edit(`${STORE}/renew.lua`, "redis.call('PEXPIRE', leaseKey, ARGV[1])", ""),
];
const ASK = "await fromRedis(deps.store.accept({ ...requestOf(asked, request), jobId, trace: span.carrier }));";
const CREATE = "return await client.create(manifest, { signal, triesSoFar });";
const RANDOM_NAME =
  "return await client.create({ ...manifest, metadata: { ...manifest.metadata, name: manifest.metadata.name + '-' + Math.random().toString(36).slice(2, 6) } }, { signal, triesSoFar });";
const NAME_TAKEN = `if (error instanceof KubeError && (error.class === "already_exists" || error.class === "wait_until_gone"))
          return undefined;`;

/**
 * Builds that break one invariant each, at least two for each invariant that a simulation can show. They are applied when
 * the modules are loaded; the sources stay as they are.
 */
export const BROKEN_BUILDS: readonly SimulatedBuild[] = [
  broken(
    "I1",
    "no owner references",
    edit(
      `${PROVISION}/apply/apply.ts`,
      "plan.after.map((manifest) => ownedBy(manifest, workload.object))",
      "plan.after.filter(() => ownedBy !== undefined)",
    ),
  ),
  broken(
    "I1",
    "the sweep repairs only what is gone altogether",
    edit(
      `${PROVISION}/sweep/compare.ts`,
      "missingAt(place, current, wanted).length === 0",
      "missingAt(place, current, wanted).length < wanted.length",
    ),
  ),
  broken(
    "I2",
    "names by generation",
    edit(
      `${PROVISION}/render/render.ts`,
      "stamp(fill(values), labels, namespace)",
      "((it) => ({ ...it, metadata: { ...it.metadata, name: it.metadata.name + '-g' + repl.generation } }))(stamp(fill(values), labels, namespace))",
    ),
  ),
  broken("I2", "a random name for each create", edit(`${PROVISION}/apply/apply-manifest.ts`, CREATE, RANDOM_NAME)),
  broken(
    "I3",
    "lost jobs are not queued again",
    edit(
      `${WORKER}/sweep-queue.ts`,
      "const jobIds = await deps.intents.openJobs(LOST_AFTER_MS);",
      "const jobIds = (await deps.intents.openJobs(LOST_AFTER_MS)).slice(0, 0);",
    ),
  ),
  broken(
    "I3",
    "accepted jobs are not noted as open",
    edit(`${STORE}/accept.lua`, "open + redis.call('ZADD', openKey, now, jobId)", "open + 1"),
  ),
  broken(
    "I4",
    "idempotency keys are forgotten",
    edit(`${STORE}/accept.lua`, "if job and job[1] then", "if false then"),
  ),
  broken(
    "I4",
    "the sweep passes for a user",
    edit(
      `${WORKER}/sweep.ts`,
      `const reason = isIdle ? "idle" : "repair";`,
      `const reason = isIdle ? "requested" : "requested";`,
    ),
  ),
  broken("I5", "a lease that never ends", ...LEASE_WITHOUT_END),
  broken(
    "I5",
    "failed jobs stay open",
    edit(`${STORE}/settle.lua`, "if state == 'completed' or state == 'failed' then", "if state == 'completed' then"),
  ),
  broken(
    "I6",
    "a create whose answer was lost is sent again under another name",
    edit(
      `${PROVISION}/apply/apply-manifest.ts`,
      CREATE,
      "return await client.create(triesSoFar === 0 ? manifest : { ...manifest, metadata: { ...manifest.metadata, name: manifest.metadata.name + '-' + triesSoFar } }, { signal, triesSoFar });",
    ),
  ),
  broken(
    "I6",
    "another name where one is taken",
    edit(
      `${PROVISION}/apply/apply-manifest.ts`,
      NAME_TAKEN,
      `if (error instanceof KubeError && error.class === "already_exists") ${RANDOM_NAME}`,
    ),
  ),
  broken(
    "I7",
    "stops leave the workload, and the sweep leaves orphans",
    edit(
      `${PROVISION}/stop/stop.ts`,
      "!outlivesItsRepl(manifest)",
      "!outlivesItsRepl(manifest) && manifest.kind !== 'Deployment'",
    ),
    SWEEP_KEEPS_ORPHANS,
  ),
  broken(
    "I7",
    "failed starts are not cleaned up, and the sweep leaves orphans",
    edit(
      `${WORKER}/outcomes.ts`,
      "const { resources } = await stopRepl(",
      "if (Date.now() > 0) return {}; const { resources } = await stopRepl(",
    ),
    SWEEP_KEEPS_ORPHANS,
  ),
  broken(
    "I7",
    "an attempt that has lost its repl writes on, and the sweep deletes only what failed starts left",
    ...WITHOUT_FENCE,
    edit(
      `${PROVISION}/sweep/compare.ts`,
      "if (keepFailed && intent.startFailed) return [];",
      "if (keepFailed || !intent.startFailed) return [];",
    ),
  ),
  broken(
    "I8",
    "a stop joins a start that is under way",
    edit(`${STORE}/accept.lua`, "if current and current.kind == kind then", "if current then"),
  ),
  broken(
    "I8",
    "a start behind a stop does not change the intent",
    edit(
      `${STORE}/accept.lua`,
      "if desired == wanted then",
      "if desired == wanted or (current and kind == 'start') then",
    ),
  ),
  broken(
    "I9",
    "cancelled jobs may still complete",
    edit(
      `${STORE}/report.lua`,
      "if not redis.call('ZSCORE', prefix .. ':open', jobId) then return 'cancelled' end",
      "",
    ),
    edit(`${STORE}/renew.lua`, "not redis.call('ZSCORE', openKey, ARGV[i])", "false"),
    edit(
      `${STORE}/settle.lua`,
      "if not redis.call('ZSCORE', prefix .. ':open', jobId) then return 'cancelled' end",
      "",
    ),
    edit(`${WORKER}/worker.ts`, `(jobId) => attempts.end(jobId, "cancelled")`, "() => {}"),
  ),
  broken(
    "I9",
    "an attempt begins with the progress of the one before",
    edit(`${STORE}/begin.lua`, "'phase', 'queued', 'progress', 0, ", ""),
  ),
  broken(
    "I10",
    "starts do not wait for readiness",
    edit(
      `${WORKER}/start-repl.ts`,
      "=> waitUntilReady(workload.object, repl.replId, ready)",
      "=> (Date.now() < 0 ? waitUntilReady(workload.object, repl.replId, ready) : Promise.resolve())",
    ),
  ),
  broken(
    "I10",
    "stops do not wait until all is gone",
    edit(`${PROVISION}/stop/stop.ts`, "await waitUntilGone(client,", "if (Date.now() < 0) await waitUntilGone(client,"),
  ),
  broken(
    "I11",
    "nobody asks whose repl it is",
    edit(`${STORE}/accept.lua`, "if owner and owner ~= userId then return answer('foreign') end", ""),
  ),
  broken(
    "I11",
    "all pods count as everybody's",
    edit(
      `${PROVISION}/wait/cluster-view.ts`,
      "      .byIndex(replId)\n      .map(({ state }) => state)\n      .filter((pod) => pod.namespace === wanted);",
      "      .values().toArray().map(({ state }) => state).filter((pod) => replId !== '' && pod.namespace === wanted);",
    ),
    edit(
      `${PROVISION}/wait/wait-until-ready.ts`,
      "allPods.filter(({ manifestHash }) => manifestHash === hash)",
      "allPods.filter(() => hash !== undefined)",
    ),
  ),
  broken(
    "I12",
    "whatever has the name is adopted",
    edit(`${PROVISION}/apply/decide.ts`, `if (!isOurs(manifest, live)) return "refuse";`, ""),
  ),
  broken(
    "I12",
    "stops delete by name, whosever it is",
    edit(
      `${PROVISION}/stop/stop.ts`,
      "live === undefined || !isOurs(manifest, live)",
      "live === undefined || isOurs === undefined",
    ),
  ),
  broken(
    "I13",
    "what is as wanted is replaced",
    edit(
      `${PROVISION}/apply/apply-manifest.ts`,
      `        return change("unchanged", live);`,
      `        return change("unchanged", (await replace({ ...manifest, metadata: { ...manifest.metadata, annotations: { ...manifest.metadata.annotations, again: String(Math.random()) } } }, live)) ?? live);`,
    ),
  ),
  broken(
    "I13",
    "what is as wanted is made anew",
    edit(
      `${PROVISION}/apply/decide.ts`,
      `if (isAsWanted(manifest, live)) return "keep";`,
      `if (isAsWanted(manifest, live)) return "recreate";`,
    ),
  ),
  broken(
    "I14",
    "no pause before the next attempt",
    edit("packages/contract/src/job-queue.ts", "delay: FIRST_BACKOFF_MS,", "delay: FIRST_BACKOFF_MS / 1_000,"),
    edit(`${STORE}/begin.lua`, "if pauseLeft > 0 then", "if false then"),
  ),
  broken(
    "I14",
    "Retry-After is not honoured",
    edit(
      "packages/kube/src/errors/retry.ts",
      "return Math.max(backoffMs, error.retryAfterMs + random * policy.retryAfterJitterMs);",
      "return backoffMs;",
    ),
  ),
  broken("I15", "the lease is renewed for ever", edit(`${WORKER}/leases.ts`, "forget(held);", "void forget;")),
  broken("I15", "the lease is not given back", edit(`${STORE}/settle.lua`, "redis.call('DEL', leaseKey)", "")),
  broken(
    "I16",
    "the answer gives the job time to begin",
    edit(
      "apps/api/src/routes/orders.ts",
      "if (admission.queued) await queue(asked,",
      "if (admission.queued) await new Promise((resolve) => setTimeout(resolve, 3_000)); if (admission.queued) await queue(asked,",
    ),
  ),
  broken(
    "I16",
    "the answer waits until Redis is back",
    edit(
      "apps/api/src/routes/orders.ts",
      `const acceptance = ${ASK}`,
      "const patient = (): ReturnType<typeof deps.store.accept> => deps.store.accept({ ...requestOf(asked, request), jobId, trace: span.carrier }).catch(() => new Promise((resolve) => setTimeout(resolve, 500)).then(patient)); const acceptance = await fromRedis(patient());",
    ),
  ),
  broken(
    "I17",
    "Redis' errors are passed on",
    edit("apps/api/src/routes/orders.ts", ASK, ASK.replace("fromRedis", "")),
  ),
  broken(
    "I17",
    "an outage passes for a mistake of ours",
    edit(
      "apps/api/src/redis/from-redis.ts",
      "if (isMistake(error)) throw error;",
      "if (isMistake(error) || error) throw error;",
    ),
  ),
  broken(
    "I19",
    "a watch that fails is opened again at once, and says so each time",
    edit(
      "packages/kube/src/watch/watch-backoff.ts",
      "return full / 2 + (full / 2) * random;",
      "return 20 + full * 0 * random;",
    ),
    edit("packages/ops/src/log/log-limiter.ts", "QUIET_MS = 30_000", "QUIET_MS = 0"),
  ),
  broken(
    "I19",
    "an attempt that waits says so each time",
    edit(
      `${WORKER}/run-job.ts`,
      `if (beginning.outcome === "wait") return delay(job, lockToken, beginning.waitMs);`,
      `if (beginning.outcome === "wait") { deps.log.warn("the repl is held"); return delay(job, lockToken, 10); }`,
    ),
  ),
  broken(
    "I20",
    "ended jobs count as a user's open ones",
    edit(`${STORE}/settle.lua`, "redis.call('ZREM', prefix .. ':user-open:' .. job[4], jobId)", ""),
  ),
  broken(
    "I20",
    "running repls are not counted",
    edit(`${STORE}/accept.lua`, "redis.call(move, userRunningKey, replId)", ""),
  ),
  broken(
    "I21",
    "a worker that ends goes on taking jobs for a while",
    edit(
      `${WORKER}/worker.ts`,
      "const closed = worker.close();",
      "const closed = new Promise<void>((resolve) => setTimeout(resolve, 20_000)).then(() => worker.close());",
    ),
  ),
  broken(
    "I21",
    "a worker that does not end",
    edit(
      `${WORKER}/work.ts`,
      "return endsWithin(graceMs * END_SHARE, end());",
      "return end().then(() => new Promise(() => {}));",
    ),
  ),
  broken(
    "I22",
    "the time is part of the manifest",
    edit(
      `${PROVISION}/render/stamp.ts`,
      "update(JSON.stringify(manifest))",
      "update(JSON.stringify(manifest) + Date.now())",
    ),
  ),
  broken(
    "I22",
    "names are cut short",
    edit(`${PROVISION}/render/render.ts`, "valuesOf(repl)", "valuesOf({ ...repl, replId: repl.replId.slice(0, 4) })"),
  ),
];
