import type { Cluster } from "../api/cluster.ts";
import type { FieldValidation } from "../api/decode.ts";
import { unsupported } from "../errors/causes.ts";
import { invalidOptions } from "../errors/errors.ts";
import type { Answer, ApiRequest } from "../http/exchange.ts";
import type { Target } from "../http/target.ts";

/** What a verb works on. */
export interface VerbContext {
  readonly cluster: Cluster;
  readonly target: Target;
  readonly request: ApiRequest;
}

/** A verb turns a request into an answer, or throws the ApiError that refuses it. */
export type VerbHandler = (context: VerbContext) => Answer;

const VALIDATIONS = ["", "Ignore", "Strict", "Warn"];

/** `?fieldValidation=`, refused with 422 when unknown. */
export function fieldValidation(request: ApiRequest, options: string): FieldValidation {
  const value = request.query.get("fieldValidation") ?? "";
  if (!VALIDATIONS.includes(value)) throw invalidOptions(options, [unsupported("fieldValidation", value, VALIDATIONS)]);
  return value === "" ? "Warn" : (value as FieldValidation);
}

/** `?dryRun=All`; any other value is refused with 422. */
export function isDryRun(request: ApiRequest, options: string): boolean {
  const values = request.query.getAll("dryRun").filter((value) => value !== "");
  if (values.some((value) => value !== "All")) throw invalidOptions(options, [unsupported("dryRun", values, ["All"])]);
  return values.length > 0;
}

/** `Warning` headers as the API server writes them. */
export const warningHeaders = (warnings: readonly string[]): Record<string, readonly string[]> =>
  warnings.length === 0
    ? {}
    : {
        warning: warnings.map((warning) => `299 - ${JSON.stringify(warning)}`),
      };
