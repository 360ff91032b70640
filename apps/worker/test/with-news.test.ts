import type { JobChange } from "@repl/contract";
import { expect, test } from "vitest";
import { withNews } from "../src/with-news.ts";

const news = { urls: ["https://a.example"] };

function attemptWith(report: (change: JobChange) => Promise<void> = () => Promise.resolve()) {
  const reports: JobChange[] = [];
  const attempt = {
    signal: new AbortController().signal,
    guard: () => Promise.resolve(),
    report: (change: JobChange) => {
      reports.push(change);
      return report(change);
    },
  };
  return { attempt, reports };
}

test("news goes with the first report, and only with that", async () => {
  const { attempt, reports } = attemptWith();
  await withNews(attempt, news, async ({ report }) => {
    await report({ phase: "scheduling", progress: 40 });
    await report({ phase: "starting", progress: 80 });
  });
  expect(reports).toEqual([
    { ...news, phase: "scheduling", progress: 40 },
    { phase: "starting", progress: 80 },
  ]);
});

test("news is left to the result where the work succeeds without a report", async () => {
  const { attempt, reports } = attemptWith();
  expect(await withNews(attempt, news, async () => "ready")).toBe("ready");
  expect(reports).toEqual([]);
});

test("news is told before a failure that no report comes before", async () => {
  const { attempt, reports } = attemptWith();
  const failing = withNews(attempt, news, () => Promise.reject(new Error("crashes")));
  await expect(failing).rejects.toThrow("crashes");
  expect(reports).toEqual([news]);
});

test("news takes no failure's place where it cannot be told", async () => {
  const { attempt } = attemptWith(() => Promise.reject(new Error("no Redis")));
  const failing = withNews(attempt, news, () => Promise.reject(new Error("crashes")));
  await expect(failing).rejects.toThrow("crashes");
});
