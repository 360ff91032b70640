import { createAddressPool } from "../../api/addresses.ts";
import { read, readAll } from "../../api/cluster.ts";
import { removeObject } from "../../api/remove.ts";
import { updateObject } from "../../api/update.ts";
import { pods } from "../../kinds/pod.ts";
import type { PodStatus } from "../../kinds/pod-types.ts";
import type { KubeObject } from "../../objects/object.ts";
import { type ControllerContext, flatKey, onChange, unflat } from "../controller.ts";
import { nextPodSteps, type PodStep } from "./pod-steps.ts";

/** Where pods get their addresses from. */
const POD_NETWORK = "10.244";

/**
 * Plays the nodes: runs every scheduled pod step by step. What comes next follows from the pod's status and from the failures
 * in force alone, so a status written by somebody else, or a lifted failure, simply leads on from there.
 */
export function startKubelet(context: ControllerContext): void {
  const { cluster, runtime, failures, delays, events } = context;
  const addresses = createAddressPool(POD_NETWORK);
  const given = new Map<string, string>();
  const pending = new Map<string, Map<string, () => void>>();

  const addressOf = (uid: string): string => {
    const address = given.get(uid) ?? addresses.take() ?? "";
    given.set(uid, address);
    return address;
  };

  const stepsOf = (pod: KubeObject): readonly PodStep[] =>
    nextPodSteps(pod, failures.match(pod), delays, addressOf(pod.metadata.uid));

  const act = (pod: KubeObject, step: PodStep): void => {
    const key = unflat(flatKey(pod));
    const { status } = step;
    if (status === undefined) {
      removeObject(cluster, pods, key, {
        graceSeconds: 0,
        uid: pod.metadata.uid,
      });
      return;
    }
    updateObject(cluster, pods, key, (current) => ({ ...current, status: status(current) }), { subresource: "status" });
    for (const note of step.notes) events.record(pod, { ...note, component: "kubelet" });
  };

  function plan(pod: KubeObject): void {
    const { uid } = pod.metadata;
    const steps = stepsOf(pod);
    const timers = pending.get(uid) ?? new Map<string, () => void>();
    pending.set(uid, timers);
    const wanted = new Set(steps.map(({ name }) => name));
    for (const [name, cancel] of timers)
      if (!wanted.has(name)) {
        cancel();
        timers.delete(name);
      }
    for (const { name, afterMs } of steps)
      if (!timers.has(name))
        timers.set(
          name,
          runtime.after(afterMs, () => fire(uid, flatKey(pod), name)),
        );
  }

  function fire(uid: string, key: string, name: string): void {
    pending.get(uid)?.delete(name);
    const pod = read(cluster, pods, unflat(key));
    if (pod === undefined || pod.metadata.uid !== uid) return;
    const step = stepsOf(pod).find((candidate) => candidate.name === name);
    if (step === undefined) return;
    act(pod, step);
    const after = read(cluster, pods, unflat(key));
    if (after?.metadata.uid === uid) plan(after);
  }

  const forget = (uid: string): void => {
    for (const cancel of pending.get(uid)?.values() ?? []) cancel();
    pending.delete(uid);
    const address = given.get(uid);
    if (address !== undefined) addresses.giveBack(address);
    given.delete(uid);
  };

  const isMine = (pod: KubeObject): boolean => (pod.status as PodStatus | undefined) !== undefined;

  onChange(context, pods, ({ type, object }) => {
    if (type === "DELETED") forget(object.metadata.uid);
    else if (isMine(object)) plan(object);
  });
  failures.onChange(() => {
    for (const pod of readAll(cluster, pods)) plan(pod);
  });
}
