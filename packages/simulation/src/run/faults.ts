import type { Fault } from "../schedule/plan.ts";
import type { World } from "./world.ts";
import { NAMESPACE } from "./world.ts";

const PLURALS = {
  Deployment: "/apis/apps/v1/namespaces/default/deployments",
  Service: "/api/v1/namespaces/default/services",
  Ingress: "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
} as const;

/** Arranges for everything that goes wrong in a plan. What meets single calls is the network's. */
export function arrangeFaults(world: World): void {
  for (const fault of world.plan.faults) {
    if (fault.kind === "foreign") occupy(world, fault.replId);
    if (!("atMs" in fault)) continue;
    world.at(fault.atMs, () => {
      if (world.healed) return;
      world.recorder.add({ type: "fault", what: JSON.stringify(fault) });
      happen(world, fault);
    });
  }
}

/** Mends everything: what was broken is whole, what was down is up, what was paused goes on. */
export function heal(world: World): void {
  const { network, core } = world;
  world.healed = true;
  network.redis.down = false;
  network.redis.hungUntilMs = 0;
  network.cluster.down = false;
  network.cluster.hungUntilMs = 0;
  world.cluster.listsAreOld = false;
  core.faults.clear();
  core.failures.clear();
  core.watches.thaw();
  for (const slot of world.slots()) {
    const life = world.lifeOf(slot);
    if (life === undefined) world.revive(slot);
    else world.thaw(life.process);
  }
  world.recorder.add({ type: "healed" });
}

type Timed = Extract<Fault, { readonly atMs: number }>;

/** What each kind of fault does, when its time has come. */
const HAPPEN: { readonly [Kind in Timed["kind"]]: (world: World, fault: Extract<Timed, { kind: Kind }>) => void } = {
  crash(world, { slot, forMs }) {
    const life = world.lifeOf(slot);
    if (life === undefined) return;
    world.kill(life.process);
    later(world, forMs, () => world.revive(slot));
  },
  freeze(world, { slot, forMs }) {
    const life = world.lifeOf(slot);
    if (life !== undefined) world.freeze(life.process, forMs);
  },
  end(world, { slot, forMs }) {
    void world.end(slot).then(() => later(world, Math.min(forMs, 3_000), () => world.revive(slot)));
  },
  "redis-down"(world, { forMs, loseMs }) {
    const { network, redis } = world;
    network.redis.down = true;
    if (loseMs > 0) redis.data.loseSince(redis.data.nowMs - loseMs);
    later(world, forMs, () => {
      network.redis.down = false;
    });
  },
  "redis-hang"(world, { forMs }) {
    world.network.redis.hungUntilMs = untilHealed(world, forMs);
  },
  "cluster-down"(world, { forMs }) {
    const { network, core } = world;
    network.cluster.down = true;
    core.watches.cut();
    later(world, forMs, () => {
      network.cluster.down = false;
    });
  },
  "cluster-hang"(world, { forMs }) {
    world.network.cluster.hungUntilMs = untilHealed(world, forMs);
  },
  "old-lists"(world, { forMs }) {
    world.cluster.listsAreOld = true;
    later(world, forMs, () => {
      world.cluster.listsAreOld = false;
    });
  },
  answers(world, { rule, forMs }) {
    const { id } = world.core.faults.add(rule);
    later(world, forMs, () => world.core.faults.remove(id));
  },
  watches(world, { action, forMs }) {
    troubleWatches(world, action, () => later(world, forMs, () => world.core.watches.thaw()));
  },
  pods(world, { replId, failure, forMs }) {
    const { id } = world.core.failures.add({ repl: replId, failure });
    later(world, forMs, () => world.core.failures.remove(id));
  },
  delete: deleteByHand,
  lock({ redis }, { which }) {
    redis.queue("repls").loseLock((count) => (count === 0 ? 0 : which % count));
  },
  "forget-queue"({ redis }) {
    redis.queue("repls").forgetAll();
  },
};

const happen = (world: World, fault: Timed): void =>
  (HAPPEN[fault.kind] as (world: World, fault: Timed) => void)(world, fault);

const later = (world: World, ms: number, work: () => void): void => world.at(world.time.nowMs + ms, work);

const untilHealed = (world: World, forMs: number) => Math.min(world.time.nowMs + forMs, world.plan.healMs);

function troubleWatches(
  { core }: World,
  action: Extract<Fault, { kind: "watches" }>["action"],
  thawLater: () => void,
): void {
  if (action === "freeze") {
    core.watches.freeze();
    thawLater();
  } else if (action === "end") core.watches.end();
  else {
    if (action === "expire") core.expireWatchWindow();
    core.watches.cut();
  }
}

const nameOf = (resource: string, replId: string) => (resource === "Ingress" ? `${replId}-ingress` : replId);

function deleteByHand(world: World, { resource, replId }: Extract<Fault, { kind: "delete" }>): void {
  const path = `${PLURALS[resource]}/${nameOf(resource, replId)}`;
  void world.cluster.byHand({ method: "DELETE", path, body: "" });
}

/** Somebody else's Service has the name. */
function occupy(world: World, replId: string): void {
  const body = JSON.stringify({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: replId, namespace: NAMESPACE, labels: { app: "somebody-else" } },
    spec: { ports: [{ port: 80 }] },
  });
  void world.cluster.byHand({ method: "POST", path: PLURALS.Service, body });
}
