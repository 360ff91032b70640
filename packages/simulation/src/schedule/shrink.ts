import type { Plan } from "./plan.ts";

/** Plans with one thing less. */
function* smaller(plan: Plan): Generator<Plan> {
  for (const index of plan.faults.keys()) yield { ...plan, faults: plan.faults.toSpliced(index, 1) };
  for (const index of plan.operations.keys()) yield { ...plan, operations: plan.operations.toSpliced(index, 1) };
  if (plan.idleTimeoutMs > 0) yield { ...plan, idleTimeoutMs: 0 };
  if (plan.maxRunningPerUser > 0) yield { ...plan, maxRunningPerUser: 0 };
  if (plan.concurrency > 1) yield { ...plan, concurrency: 1 };
}

/** The smallest plan found that still fails: nothing more can be left out of it. */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  for (const candidate of smaller(plan)) if (await fails(candidate)) return shrink(candidate, fails);
  return plan;
}
