import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { userNamespace } from "../src/labels.ts";

const PREFIX = "repl-user-";
/** What the contract lets through as a userId. */
const userId = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 128,
});
/** Ids that are likely to fit, nearly fit, or look like what others become. */
const awkwardId = fc.oneof(
  userId,
  fc.stringMatching(/^[a-z0-9-]{1,60}$/),
  fc.stringMatching(/^u-[0-9a-f]{31,33}$/),
  userId.map((id) => userNamespace(id, "")),
  fc.constantFrom("system", "public", "node-lease", "default", "kube-system", "-", "A", "a.b"),
);
const prefix = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,27}-$/).filter((text) => !text.startsWith("kube-"));

describe("the name of a user's namespace", () => {
  test("is a DNS label that begins with the prefix, and none of the cluster's own, for any user and prefix", () => {
    fc.assert(
      fc.property(awkwardId, prefix, (id, begin) => {
        const name = userNamespace(id, begin);
        expect(name).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
        expect(name.length).toBeLessThanOrEqual(63);
        expect(name.startsWith(begin)).toBe(true);
        expect(name).not.toMatch(/^(default|kube-.*)$/);
      }),
      { numRuns: 5_000 },
    );
  });

  test("is never that of another user", () => {
    fc.assert(
      fc.property(awkwardId, awkwardId, prefix, (one, other, begin) => {
        expect(userNamespace(one, begin) === userNamespace(other, begin)).toBe(one === other);
      }),
      { numRuns: 5_000 },
    );
  });

  test("is not that of a user whose id is what another's becomes", () => {
    fc.assert(
      fc.property(awkwardId, (id) => {
        const taken = userNamespace(id, PREFIX).slice(PREFIX.length);
        if (taken !== id) expect(userNamespace(taken, PREFIX)).not.toBe(userNamespace(id, PREFIX));
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    ["alice", "repl-user-alice"],
    ["0-9", "repl-user-0-9"],
    ["a".repeat(53), `repl-user-${"a".repeat(53)}`],
    ["a".repeat(54), "repl-user-u-a3f01b6939256127582ac8ae9fb47a38"],
    ["Alice", "repl-user-u-3bc51062973c458d5a6f2d8d64a02324"],
    ["alice-", "repl-user-u-"],
    ["auth0|5f7c8ec7c33c6c004bbafe82", "repl-user-u-"],
    [`u-${"0".repeat(32)}`, "repl-user-u-"],
  ])("of %s begins as people expect and stays the same for good", (id, expected) => {
    expect(userNamespace(id, PREFIX)).toMatch(new RegExp(`^${expected}`));
  });
});
