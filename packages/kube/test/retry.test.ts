import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorFromAnswer, errorFromFailure } from "../src/errors/answer-error.ts";
import { nextDelay, RETRY_POLICY, withRetry } from "../src/errors/retry.ts";
import { ExchangeFailure } from "../src/transport/exchange.ts";
import { status } from "./support/api-server.ts";
import { failure } from "./support/wait.ts";

const refused = () =>
  errorFromFailure(
    { verb: "create", subject: "x" },
    new ExchangeFailure("no", "ECONNREFUSED", new Error("connect ECONNREFUSED")),
  );
const lost = () =>
  errorFromFailure({ verb: "create", subject: "x" }, new ExchangeFailure("unknown", "ECONNRESET", new Error("reset")));
const answered = (code: number, reason: string, message: string, headers: Record<string, string> = {}) =>
  errorFromAnswer(
    { verb: "create", subject: "x" },
    { status: code, headers, body: JSON.stringify(status(code, reason, message)) },
  );

const fast = { baseMs: 1, capMs: 2, retryAfterJitterMs: 0 };

describe("nextDelay", () => {
  it("doubles from 100 ms up to 2 s, each between half and the whole", () => {
    const least = [1, 2, 3, 4, 5, 6, 50].map((tries) => nextDelay(refused(), tries, RETRY_POLICY, 0));
    expect(least).toEqual([50, 100, 200, 400, 800, 1000, 1000]);
    expect(nextDelay(refused(), 1, RETRY_POLICY, 0.5)).toBe(75);
  });

  it("is finite, positive and within its cap for any number of tries", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (tries, random) => {
        const delay = nextDelay(refused(), tries, RETRY_POLICY, random);
        expect(delay).toBeGreaterThan(0);
        expect(delay).toBeLessThanOrEqual(RETRY_POLICY.capMs);
      }),
    );
  });

  it("never comes back before a Retry-After, and spreads after it", () => {
    const busy = answered(429, "TooManyRequests", "later", { "retry-after": "5" });
    expect(nextDelay(busy, 1, RETRY_POLICY, 0)).toBe(5000);
    expect(nextDelay(busy, 1, RETRY_POLICY, 0.5)).toBe(5250);
    expect(nextDelay(answered(429, "TooManyRequests", "", { "retry-after": "0" }), 9, RETRY_POLICY, 0)).toBe(1000);
  });

  it.each([
    answered(409, "AlreadyExists", "exists"),
    answered(409, "Conflict", "Operation cannot be fulfilled"),
    answered(422, "Invalid", "wrong"),
    answered(403, "Forbidden", "exceeded quota: q"),
    answered(404, "NotFound", "gone"),
    answered(410, "Expired", "too old"),
    lost(),
    new Error("not one of ours"),
  ])("does not repeat %s", (error) => {
    expect(nextDelay(error, 1, RETRY_POLICY, 0)).toBeUndefined();
  });

  it("repeats an unknown outcome only where that was asked for", () => {
    expect(nextDelay(lost(), 1, { ...RETRY_POLICY, retryUnknown: true }, 0)).toBe(50);
  });

  it("counts tries of odd failures, and only of those", () => {
    const tls = answered(
      500,
      "InternalError",
      'failed calling webhook "w": x509: certificate signed by unknown authority',
    );
    expect(nextDelay(tls, 2, RETRY_POLICY, 0)).toBeDefined();
    expect(nextDelay(tls, 3, RETRY_POLICY, 0)).toBeUndefined();
    expect(nextDelay(refused(), 1000, RETRY_POLICY, 0)).toBeDefined();
  });

  it("gives a server that has just started a few seconds before it believes a lack of room, of permission or of an identity", () => {
    const full = answered(
      500,
      "InternalError",
      "Internal error occurred: failed to allocate a serviceIP: range is full",
    );
    const denied = answered(403, "Forbidden", 'services is forbidden: User "w" cannot create resource "services"');
    const quota = answered(403, "Forbidden", 'services "a" is forbidden: exceeded quota: q, requested: services=1');
    const unknown = answered(401, "Unauthorized", "Unauthorized");
    expect([full, denied, unknown, quota].map((error) => error.class)).toEqual([
      ...["capacity", "forbidden", "unauthenticated", "capacity"],
    ]);
    const tries = [
      [full, 10],
      [denied, 7],
      [unknown, 7],
    ] as const;
    for (const [error, most] of tries) {
      expect(nextDelay(error, most - 1, RETRY_POLICY, 0)).toBeDefined();
      expect(nextDelay(error, most, RETRY_POLICY, 0)).toBeUndefined();
    }
    expect(nextDelay(quota, 1, RETRY_POLICY, 0)).toBeUndefined();
  });
});

describe("withRetry", () => {
  it("goes on until it succeeds, and tells of each wait", async () => {
    const told: number[] = [];
    const result = await withRetry(
      async (tries) => {
        if (tries < 3) throw refused();
        return tries;
      },
      { deadlineMs: 5000, policy: fast, onRetry: (_, tries) => told.push(tries) },
    );
    expect(result).toBe(3);
    expect(told).toEqual([1, 2, 3]);
  });

  it("throws the last error at once when the next try would come after the deadline", async () => {
    let tries = 0;
    const busy = answered(429, "TooManyRequests", "", { "retry-after": "60" });
    const operation = async () => {
      tries++;
      throw busy;
    };
    const startedAt = performance.now();
    expect(await failure(withRetry(operation, { deadlineMs: 1000 }))).toBe(busy);
    expect(tries).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(900);
  });

  it("ends a wait with the signal's reason", async () => {
    const aborting = new AbortController();
    const reason = new Error("cancelled");
    const running = withRetry(
      async () => {
        throw answered(503, "ServiceUnavailable", "", { "retry-after": "60" });
      },
      { deadlineMs: 600_000, signal: aborting.signal, onRetry: () => aborting.abort(reason) },
    );
    expect(await failure(running)).toBe(reason);
  });

  it("does not begin when it is aborted already", async () => {
    let tries = 0;
    const operation = async () => tries++;
    await failure(withRetry(operation, { deadlineMs: 1000, signal: AbortSignal.abort(new Error("no")) }));
    expect(tries).toBe(0);
  });
});
