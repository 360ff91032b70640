import { ApiError } from "repl-orchestrator-client";

/** A field of the page, by the service's name for what stands in it. */
export type Field = "replId" | "userId";

/** Why something did not work, as sentences, and the field to correct, where it is one. */
export interface Complaint {
  readonly text: string;
  readonly field?: Field;
}

/** As the page calls them. */
const LABELS: Readonly<Record<Field, string>> = { replId: "Name", userId: "User" };

/**
 * What to say of an error.
 * @param fields those that what was asked for came from; no other is to blame
 */
export function complaintOf(error: unknown, fields: readonly Field[]): Complaint {
  if (!(error instanceof ApiError)) return { text: error instanceof Error ? error.message : String(error) };
  if (error.status === 401) return { text: "This service asks for an access token: see “Who you are”." };
  if (error.code === "repl_taken") {
    const text = `${error.message} Take another name.`;
    return fields.includes("replId") ? { text, field: "replId" } : { text };
  }
  return complaintOfField(error, fields) ?? { text: error.message };
}

function complaintOfField({ errors }: ApiError, fields: readonly Field[]): Complaint | undefined {
  const field = fields.find((name) => errors.some((each) => each.field === name));
  const message = errors.find((each) => each.field === field)?.message;
  return field && { text: `${LABELS[field]} ${message}.`, field };
}
