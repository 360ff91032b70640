import type { Invariant } from "./invariant.ts";
import { idempotence, intentOrder, isolation, liveness } from "./invariants/intents.ts";
import { boundedRetries, countersConserve, monotoneState, noLostAccept, noPhantom } from "./invariants/jobs.ts";
import { atomicSet, effectOnce, fencing, leastTouch, renderIsFixed, unique } from "./invariants/resources.ts";
import { answerBound, boundedResources, errorClasses, graceful, logIntegrity } from "./invariants/service.ts";
import { truthful } from "./invariants/truth.ts";

/** What must hold of every run, whatever broke in it. docs/reliability.md lists the same; a test compares both. */
export const INVARIANTS: readonly Invariant[] = [
  {
    id: "I1",
    holds: "At rest a repl has all of its resources or none, of one generation, owned by its workload.",
    check: atomicSet,
  },
  { id: "I2", holds: "At no time has a repl two living resources of one kind.", check: unique },
  { id: "I3", holds: "Every job that was accepted has ended.", check: noLostAccept },
  { id: "I4", holds: "Every job and every resource was asked for, and no order made two jobs.", check: noPhantom },
  { id: "I5", holds: "After healing everything comes to rest within its time.", check: liveness },
  { id: "I6", holds: "A resource is created once, and once more for each deletion of it.", check: effectOnce },
  { id: "I7", holds: "Nothing survives of a generation that was stopped or superseded.", check: fencing },
  { id: "I8", holds: "A repl is what was asked for last.", check: intentOrder },
  {
    id: "I9",
    holds: "A job's state and progress only go forward, and an ended job never changes.",
    check: monotoneState,
  },
  { id: "I10", holds: "A completed start was complete and ready; a completed stop left nothing.", check: truthful },
  { id: "I11", holds: "What befalls one repl or user does not befall another.", check: isolation },
  {
    id: "I12",
    holds: "Every write is about a resource of a known repl, of a kind of the template, in the namespace.",
    check: leastTouch,
  },
  { id: "I13", holds: "To ask again for what is there writes nothing.", check: idempotence },
  { id: "I14", holds: "Attempts, pauses and writes keep to their bounds.", check: boundedRetries },
  { id: "I15", holds: "Nothing is held once there is nothing to do.", check: boundedResources },
  { id: "I16", holds: "Every request is answered within two seconds.", check: answerBound },
  {
    id: "I17",
    holds: "A dependency's fault is a 503, and only while it lasts; nothing is a 500.",
    check: errorClasses,
  },
  {
    id: "I18",
    holds: "No secret appears in a log, an answer or a metric.",
    elsewhere: "`packages/chaos`, which looks for canaries in the bytes that real processes write.",
  },
  {
    id: "I19",
    holds: "Each line of a log is a JSON object; the same error is logged ten times a second at most.",
    check: logIntegrity,
  },
  { id: "I20", holds: "Every accepted job is counted once, as open or as ended.", check: countersConserve },
  {
    id: "I21",
    holds: "A process ends only when it is told to; then it takes nothing new and ends in order and in time.",
    check: graceful,
  },
  {
    id: "I22",
    holds: "One generation has one manifest for each resource, and no two repls share a name.",
    check: renderIsFixed,
  },
];
