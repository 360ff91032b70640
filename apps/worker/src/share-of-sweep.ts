/** Repairs of one sweep, of each sort; when a whole namespace was lost, the rest follows with the next sweeps. */
const MOST_REPAIRS = 200;
/** Lines that one sweep writes about what it leaves as it is. */
const MOST_REPORTS = 200;

/**
 * As many repairs and reports as one sweep takes on. Where there are more it begins anywhere among them: what cannot be
 * put right, and so comes again each time, keeps nothing else from its turn for good. Reports come first: they wait for
 * nobody, and a repair may end the sweep.
 */
export function shareOf<Finding extends { readonly do: string }>(findings: readonly Finding[]): Finding[] {
  const isReport = (finding: Finding) => finding.do === "report";
  const repairs = findings.filter((finding) => !isReport(finding));
  return [...someOf(findings.filter(isReport), MOST_REPORTS), ...someOf(repairs)];
}

/** The same of what is all repairs. */
export function someOf<Item>(items: readonly Item[], most = MOST_REPAIRS): Item[] {
  const first = items.length > most ? Math.floor(Math.random() * items.length) : 0;
  return [...items.slice(first), ...items.slice(0, first)].slice(0, most);
}

/** In another order each time: of what a sweep may not come to the end of, everything comes to its turn. */
export function shuffled<Item>(items: readonly Item[]): Item[] {
  const placed = items.map((item) => ({ item, place: Math.random() }));
  return placed.sort((left, right) => left.place - right.place).map(({ item }) => item);
}
