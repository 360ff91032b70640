import { ApiError, ConnectionError } from "repl-orchestrator-client";
import { expect, test } from "vitest";
import { complaintOf } from "../page/complaint.ts";

const BOTH = ["replId", "userId"] as const;

test.each([
  ["userId", { text: "User is not valid. Expected: a user.", field: "userId" }],
  ["replId", { text: "Name is not valid. Expected: a user.", field: "replId" }],
])("a mistake in %s belongs to its field, by the name that the page has for it", (field, complaint) => {
  const error = apiError(400, "invalid_request", [{ field, message: "is not valid. Expected: a user" }]);
  expect(complaintOf(error, BOTH)).toEqual(complaint);
});

test("a field that the page did not send, or does not have, is not to blame", () => {
  const ofUser = apiError(400, "invalid_request", [{ field: "userId", message: "is too long" }]);
  expect(complaintOf(ofUser, ["replId"])).toEqual({ text: "invalid_request" });
  const ofBody = apiError(400, "invalid_request", [{ field: "body", message: "is missing" }]);
  expect(complaintOf(ofBody, BOTH)).toEqual({ text: "invalid_request" });
});

test("somebody else's repl comes with the advice to take another name, at the field where it was typed", () => {
  const text = "repl_taken Take another name.";
  expect(complaintOf(apiError(409, "repl_taken"), BOTH)).toEqual({ text, field: "replId" });
  expect(complaintOf(apiError(409, "repl_taken"), ["userId"])).toEqual({ text });
});

test("everything else is said in its own words, but for a missing token", () => {
  expect(complaintOf(new ConnectionError("gone"), BOTH)).toEqual({ text: "gone" });
  expect(complaintOf("odd", BOTH)).toEqual({ text: "odd" });
  expect(complaintOf(apiError(401, "unauthorized"), BOTH).text).toMatch(/asks for an access token/);
});

function apiError(status: number, code: string, errors: ApiError["errors"] = []): ApiError {
  return new ApiError(code, { status, code, requestId: null, errors, retryAfterMs: null });
}
