import { describe, expect, it } from "vitest";
import { errorFromAnswer, errorFromFailure } from "../src/errors/answer-error.ts";
import type { Verb } from "../src/errors/error-class.ts";
import { ERROR_TABLE } from "../src/errors/error-table.ts";
import { ExchangeFailure } from "../src/transport/exchange.ts";
import { ANSWERS, type Given, refusal } from "./support/answers.ts";

function classified({ body, status, verb = "create", kind = "ConfigMap", headers = {} }: Given) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const contentType = typeof body === "string" ? "text/plain; charset=utf-8" : "application/json";
  return errorFromAnswer(
    { verb, kind, subject: `${kind}/default/a` },
    { status, body: text, headers: { "content-type": contentType, ...headers } },
  );
}

describe("answers of the server", () => {
  it.each(ANSWERS)("%s is %s", (code, expected, given) => {
    const error = classified(given);
    expect({ code: error.code, class: error.class }).toEqual({ code, class: expected });
    expect(error.sent).toBe("yes");
  });
});

const failed = (sent: "no" | "unknown" | "yes", code: string, verb: Verb = "create") => {
  const cause = Object.assign(new Error(`failed with ${code}`), { code });
  return errorFromFailure({ verb, subject: "x" }, new ExchangeFailure(sent, code, cause));
};

const FAILURES = [
  ["connection_refused", "retry", "no", "ECONNREFUSED"],
  ["name_unresolved", "retry", "no", "ENOTFOUND"],
  ["name_unresolved", "retry", "no", "EAI_AGAIN"],
  ["tls_failed", "retry", "no", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  ["tls_failed", "retry", "no", "CERT_HAS_EXPIRED"],
  ["tls_failed", "retry", "no", "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ["tls_failed", "retry", "no", "ERR_SSL_WRONG_VERSION_NUMBER"],
  ["tls_failed", "retry", "no", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["unreachable", "retry", "no", "UND_ERR_CONNECT_TIMEOUT"],
  ["unreachable", "retry", "no", "CALL_TIMEOUT"],
  ["connection_lost", "outcome_unknown", "unknown", "ECONNRESET"],
  ["connection_lost", "outcome_unknown", "unknown", "UND_ERR_SOCKET"],
  ["call_timeout", "outcome_unknown", "unknown", "CALL_TIMEOUT"],
  ["call_timeout", "outcome_unknown", "unknown", "UND_ERR_HEADERS_TIMEOUT"],
  ["broken_answer", "outcome_unknown", "yes", "BROKEN_ANSWER"],
  ["answer_too_large", "bug", "unknown", "UND_ERR_RES_EXCEEDED_MAX_SIZE"],
  ["client_closed", "final", "no", "UND_ERR_DESTROYED"],
  ["client_closed", "final", "no", "CLIENT_CLOSED"],
  ["credentials_unusable", "retry", "no", "CREDENTIALS"],
  ["invalid_request", "bug", "no", "UND_ERR_INVALID_ARG"],
  ["watch_idle", "retry", "no", "WATCH_IDLE"],
] as const;

describe("calls without an answer", () => {
  it.each(FAILURES)("%s is %s when sent is %s and the code %s", (code, expected, sent, errorCode) => {
    const error = failed(sent, errorCode);
    expect({ code: error.code, class: error.class, sent: error.sent }).toEqual({ code, class: expected, sent });
  });

  it("takes a read whose outcome is unknown for one to be asked again", () => {
    expect(failed("unknown", "ECONNRESET", "get").class).toBe("retry");
    expect(failed("unknown", "CALL_TIMEOUT", "list").class).toBe("retry");
  });
});

describe("the table", () => {
  it("is covered: every code is met by an example above", () => {
    const met = new Set([...ANSWERS, ...FAILURES].map(([code]) => code as string));
    expect(ERROR_TABLE.map(({ code }) => code).filter((code) => !met.has(code))).toEqual([]);
  });

  it("gives every row a reason", () => {
    for (const row of ERROR_TABLE) expect(row.why.length, row.code).toBeGreaterThan(20);
  });

  it("bounds what it does not know", () => {
    for (const given of [
      refusal(418, "Teapot", "short and stout"),
      refusal(500, "InternalError", "new"),
      { status: 499, body: "?" },
    ]) {
      expect(classified(given).maxTries).toBeGreaterThan(1);
    }
  });
});

describe("KubeError", () => {
  it("reads Retry-After as seconds, as a date and from the Status", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    const at = (headers: Record<string, string>, body = "") =>
      errorFromAnswer({ verb: "get", subject: "x" }, { status: 429, body, headers }, now).retryAfterMs;
    expect(at({ "retry-after": "5" })).toBe(5000);
    expect(at({ "retry-after": "Thu, 01 Jan 2026 00:00:07 GMT" })).toBe(7000);
    expect(at({ "retry-after": "Thu, 01 Jan 2020 00:00:00 GMT" })).toBe(0);
    expect(at({ "retry-after": "soon" })).toBeUndefined();
    expect(at({ "retry-after": "-1" })).toBeUndefined();
    expect(at({ "retry-after": "999999999" })).toBe(600_000);
    expect(at({}, '{"kind":"Status","details":{"retryAfterSeconds":3}}')).toBe(3000);
  });

  it("says what was tried, on what, and what came of it", () => {
    const error = classified(refusal(403, "Forbidden", "exceeded quota: q"));
    expect(error.message).toBe("create ConfigMap/default/a: 403 Forbidden: exceeded quota: q");
    expect(error).toMatchObject({ verb: "create", subject: "ConfigMap/default/a", contentType: "application/json" });
  });

  it("does not carry a proxy's whole page in its message", () => {
    expect(classified({ status: 502, body: "x".repeat(100_000) }).message.length).toBeLessThan(1100);
  });

  it.each([
    [502, "HTTP 502 Bad Gateway"],
    [599, "HTTP 599"],
  ])("says of a %i with a stranger's page no more than its status", (status, said) => {
    const page = `<html>${"<p>10.0.0.7 of the load balancer</p>\n".repeat(30_000)}</html>`;
    expect(classified({ status, body: page }).serverMessage).toBe(said);
  });

  it("judges a long answer by the whole and keeps its beginning and its end", () => {
    const long = `pods "a" is forbidden: ${"very ".repeat(20_000)}exceeded quota: q`;
    const error = classified(refusal(403, "R".repeat(20_000), long));
    expect(error.code).toBe("quota_exceeded");
    expect(error.serverMessage).toMatch(/^pods "a" is forbidden: very .* … .* exceeded quota: q$/);
    expect(error.serverMessage.length).toBeLessThanOrEqual(1000);
    expect(error.reason?.length).toBeLessThanOrEqual(1000);
  });

  it("cuts no character in two", () => {
    expect(classified(refusal(403, "Forbidden", "x🙂".repeat(1000))).serverMessage.isWellFormed()).toBe(true);
    expect(classified(refusal(403, "Forbidden", "🙂".repeat(1000))).serverMessage.isWellFormed()).toBe(true);
  });

  it("says what this client found wrong itself, whatever the status", () => {
    const broken = { sent: "yes", status: 200, errorCode: "BROKEN_ANSWER" } as const;
    const error = errorFromFailure({ verb: "get", subject: "x" }, new Error("the answer is no JSON object"), broken);
    expect(error.serverMessage).toBe("the answer is no JSON object");
  });

  it("keeps the original error as its cause", () => {
    const error = failed("unknown", "ECONNRESET");
    expect((error.cause as ExchangeFailure).cause).toMatchObject({ code: "ECONNRESET" });
  });
});
