import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLog } from "../src/index.ts";

function logged(fields: object, message = "said"): { line: string; parsed: Record<string, unknown> } {
  const lines: string[] = [];
  createLog({ process: "api", level: "trace", write: (line) => void lines.push(line) }).info(fields, message);
  return { line: lines.join(""), parsed: JSON.parse(lines.join("")) };
}

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";

describe("a line of the log", () => {
  it("has time, level by name, process and pid", () => {
    expect(logged({ jobId: "a" }).parsed).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      process: "api",
      pid: process.pid,
      jobId: "a",
      msg: "said",
    });
  });

  it.each([
    ["a header", { headers: { authorization: "canary" } }],
    ["a cookie, whatever its case", { headers: { Cookie: "canary" } }],
    ["cookies that are set", { "set-cookie": ["a=canary", "b=canary"] }],
    ["a token, however deep", { a: { b: { c: [{ token: "canary" }] } } }],
    ["a value with quotes and backslashes", { password: 'a"\\"canary\\' }],
    ["JSON within a text", { body: JSON.stringify({ token: "canary", other: 1 }) }],
    ["a secret of the environment", { env: { AWS_SECRET_ACCESS_KEY: "canary" } }],
    ["a URL's password", { url: "redis://user:canary@host:6379/0" }],
    ["a URL's password without a user", { err: new Error("connect rediss://:canary@host failed") }],
    ["a password with odd characters", { url: "redis://u:c:'a(canary)@host" }],
    ["bearer credentials in a message", { err: new Error("sent Authorization: Bearer canary-canary") }],
    ["basic credentials", { header: "Basic canarycanary==" }],
    ["an error's cause", { err: new Error("outer", { cause: new Error("redis://:canary@host") }) }],
  ])("does not hold %s", (_what, fields) => {
    const { line, parsed } = logged(fields);
    expect(line).not.toContain("canary");
    expect(line).toContain("[redacted]");
    expect(parsed["msg"]).toBe("said");
  });

  it.each([
    ["a token in a message", {}, `token ${JWT} refused`],
    ["a token in a field", { path: `/jobs/${JWT}` }, ""],
  ])("does not hold %s", (_what, fields, message) => {
    for (const part of JWT.split(".")) expect(logged(fields, message).line).not.toContain(part);
  });

  it("of an error has name, message, code and stack, and not the command that ioredis attaches", () => {
    const error = Object.assign(new Error("WRONGPASS"), { code: "E", command: { name: "auth", args: ["canary"] } });
    const { line, parsed } = logged({ err: error });
    expect(line).not.toContain("canary");
    expect(parsed["err"]).toEqual({ name: "Error", message: "WRONGPASS", code: "E", stack: expect.any(String) });
  });

  it("keeps what only looks a little like a secret", () => {
    const fields = {
      refusedToken: "NO_BEARER_TOKEN",
      url: "http://host:3000/a@b",
      tokens: 3,
      msg2: "basic auth is off",
    };
    expect(logged(fields).parsed).toMatchObject(fields);
  });

  it("stays JSON with the same fields, whatever is logged, and is made in linear time", () => {
    const key = fc.oneof(fc.constantFrom("token", "cookie", "authorization", "a", "err"), fc.string());
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom('"', '\\"token\\":\\"', "redis://:a", "Bearer "),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        text,
        fc.integer(),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(key, tie("any"), { maxKeys: 3 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(key, value), (fields) => {
        const names = Object.keys(JSON.parse(JSON.stringify(fields))).filter((name) => name !== "__proto__");
        expect(Object.keys(logged({ fields }).parsed["fields"] as object)).toEqual(expect.arrayContaining(names));
      }),
    );
    const startedMs = performance.now();
    logged({ long: `${'\\"token\\":"'.repeat(20_000)}${"a://".repeat(20_000)}${"eyJaaaaaa.".repeat(20_000)}` });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
