import { waitFor } from "@repl/testkit";
import { expect, test } from "vitest";
import { rememberTokens } from "../src/auth/remember-tokens.ts";
import { RefusedToken } from "../src/auth/token-verifier.ts";

const LONG_MS = 60_000;

/** A verifier that finds every token good until `withdraw` is called. */
function setup(forMs: number, expiresInMs = LONG_MS) {
  let good = true;
  const verify = rememberTokens(async (token) => {
    if (!good) throw new RefusedToken("WITHDRAWN");
    const caller = Object.freeze({ subject: token, actsForOthers: false, isAdmin: false });
    return { caller, expiresAtMs: Date.now() + expiresInMs };
  }, forMs);
  const isGood = (token: string) =>
    verify(token).then(
      ({ subject }) => subject === token,
      () => false,
    );
  const set = (value: boolean) => {
    good = value;
  };
  return { isGood, withdraw: () => set(false), giveBack: () => set(true) };
}

test("a token that was found good is not verified again, and no other one is taken for it", async () => {
  const { isGood, withdraw } = setup(LONG_MS);
  expect(await isGood("alice")).toBe(true);
  withdraw();
  expect([await isGood("alice"), await isGood("alicf"), await isGood("alice ")]).toEqual([true, false, false]);
});

test("it is verified again when the time is over", async () => {
  const { isGood, withdraw } = setup(50);
  expect(await isGood("alice")).toBe(true);
  withdraw();
  await waitFor(async () => !(await isGood("alice")), { what: "the token to be forgotten" });
});

test("it never counts beyond its expiry, however long tokens are remembered", async () => {
  const { isGood, withdraw } = setup(LONG_MS, 50);
  expect(await isGood("alice")).toBe(true);
  withdraw();
  await waitFor(async () => !(await isGood("alice")), { what: "the token to expire", timeoutMs: 5_000 });
});

test("one that is past its expiry by no more than the clocks may differ is not remembered", async () => {
  const { isGood, withdraw } = setup(LONG_MS, -1_000);
  expect(await isGood("alice")).toBe(true);
  withdraw();
  expect(await isGood("alice")).toBe(false);
});

test("a refusal is not remembered", async () => {
  const { isGood, withdraw, giveBack } = setup(LONG_MS);
  withdraw();
  expect(await isGood("alice")).toBe(false);
  giveBack();
  expect(await isGood("alice")).toBe(true);
});

test("with 0 nothing is remembered", async () => {
  const { isGood, withdraw } = setup(0);
  expect(await isGood("alice")).toBe(true);
  withdraw();
  expect(await isGood("alice")).toBe(false);
});

test("ten thousand are remembered; those not seen for longest make room", async () => {
  const { isGood, withdraw } = setup(LONG_MS);
  for (let user = 0; user < 10_000; user += 1) await isGood(`user-${user}`);
  await isGood("user-0");
  await isGood("one more");
  withdraw();
  expect([await isGood("user-0"), await isGood("user-1"), await isGood("one more")]).toEqual([true, false, true]);
});
