interface Scenario {
  readonly recorder: {
    readonly cases?: Readonly<Record<string, { readonly value: { readonly method: string; readonly path: string } }>>;
    readonly interactions?: Readonly<Record<string, { readonly response?: { readonly status_code: number } | null }>>;
  };
}

/** Requests of a run: how many, and of each operation how many were answered with which status ("none": no answer). */
export interface RequestCounts {
  readonly requests: number;
  readonly byOperation: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Counts the requests in schemathesis' report of a run (NDJSON, one event a line). */
export function countRequests(report: string): RequestCounts {
  const answers = report
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => answersOf(JSON.parse(line)));
  const operations = Map.groupBy(answers, ({ operation }) => operation);
  const byStatus = (some: readonly Answer[]) =>
    Object.fromEntries([...Map.groupBy(some, ({ status }) => status)].map(([status, all]) => [status, all.length]));
  return {
    requests: answers.length,
    byOperation: Object.fromEntries([...operations].map(([operation, some]) => [operation, byStatus(some)])),
  };
}

interface Answer {
  readonly operation: string;
  readonly status: string;
}

function answersOf({ ScenarioFinished }: { ScenarioFinished?: Scenario }): Answer[] {
  const { cases = {}, interactions = {} } = ScenarioFinished?.recorder ?? {};
  return Object.entries(cases).map(([id, { value }]) => ({
    operation: `${value.method} ${value.path}`,
    status: String(interactions[id]?.response?.status_code ?? "none"),
  }));
}
