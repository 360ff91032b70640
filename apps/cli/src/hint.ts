import { ApiError, ConnectionError, UnexpectedAnswerError } from "repl-orchestrator-client";
import { UsageError } from "./command.ts";

/** What somebody can do about an error whose own sentence does not say it; empty where there is nothing to add. */
export function hintFor(error: unknown): string {
  if (error instanceof UsageError) return "npm run repl -- --help tells more.";
  if (error instanceof ConnectionError)
    return "script/start runs the service on this machine; --url names another one.";
  if (error instanceof UnexpectedAnswerError || (error instanceof ApiError && error.code === "not_found"))
    return "Does --url name the api's public port?";
  if (!(error instanceof ApiError)) return "";
  return error.status === 401 ? "REPL_TOKEN holds the access token to use." : "";
}
