import { expect, test } from "vitest";
import { waitFor } from "../src/index.ts";

test("returns the first truthy value", async () => {
  let looks = 0;
  expect(await waitFor(() => ++looks === 3 && "third", { what: "the third look" })).toBe("third");
});

test("an assertion that throws is not met yet", async () => {
  let looks = 0;
  const condition = (): true => {
    expect(++looks).toBe(2);
    return true;
  };
  expect(await waitFor(condition, { what: "two looks" })).toBe(true);
});

test("says what was awaited and what was seen last", async () => {
  const nothing = waitFor(() => ({ ready: 0 }).ready, { what: "a ready pod", timeoutMs: 50 });
  await expect(nothing).rejects.toThrow("waited 50 ms for a ready pod; last seen: 0");
  const refusal = new Error("connection refused");
  const refused = waitFor(() => Promise.reject(refusal), { what: "an answer", timeoutMs: 50 });
  await expect(refused).rejects.toMatchObject({
    message: "waited 50 ms for an answer; last seen: connection refused",
    cause: refusal,
  });
});

test("a look that never settles ends at the deadline", async () => {
  const look = () => new Promise<boolean>(() => {});
  await expect(waitFor(look, { what: "a reply", timeoutMs: 50 })).rejects.toThrow("last seen: undefined");
});
