import { expect, test } from "vitest";
import { shareOf } from "../src/share-of-sweep.ts";

const many = (what: string, count: number) => Array.from({ length: count }, (_, number) => ({ do: what, number }));

test("what a sweep takes on keeps its order where it is not too much, behind what it only tells of", () => {
  expect(shareOf([...many("delete", 3), ...many("report", 2)])).toEqual([...many("report", 2), ...many("delete", 3)]);
});

test("of more than one sweep takes on everything comes to its turn, though all that comes first cannot be done", () => {
  const repairs = many("delete", 1_000);
  const tried = new Set<number>();
  for (let sweep = 0; sweep < 100; sweep += 1) {
    const share = shareOf([...repairs, ...many("report", 1_000)]);
    expect(share.map((finding) => finding.do)).toEqual([
      ...Array.from({ length: 200 }, () => "report"),
      ...Array.from({ length: 200 }, () => "delete"),
    ]);
    for (const { number } of share.slice(200)) tried.add(number);
  }
  expect(tried.size).toBe(1_000);
});
