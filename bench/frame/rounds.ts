/** A way to measure the same thing: one round gives one result. */
export type Arm<Result> = () => Promise<Result>;

/**
 * Measures several arms in alternation, so that what else the machine does touches all of them alike, and gives each
 * arm's results in the order of the rounds. Each round begins with another arm.
 */
export async function alternate<Name extends string, Result = number>(
  arms: Readonly<Record<Name, Arm<Result>>>,
  rounds: number,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(arms) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < names.length; i += 1) {
      const name = names[(round + i) % names.length] as Name;
      results[name].push(await arms[name]());
    }
  }
  return results;
}

/** Round by round what `of` makes of the arms' results. */
export function perRound<Name extends string, Result = number>(
  results: Readonly<Record<Name, readonly Result[]>>,
  of: (round: Record<Name, Result>) => number,
): number[] {
  const names = Object.keys(results) as Name[];
  const count = Math.min(...names.map((name) => results[name].length));
  return Array.from({ length: count }, (_, round) =>
    of(Object.fromEntries(names.map((name) => [name, results[name][round]])) as Record<Name, Result>),
  );
}
