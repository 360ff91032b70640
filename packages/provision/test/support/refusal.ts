import { parseTemplate } from "../../src/template/parse.ts";
import { TemplateError } from "../../src/template/template-error.ts";
import { edited } from "./small-template.ts";

/** One bad template and the whole message it is refused with. */
export type Refusal = readonly [what: string, text: string, refusal: string];

/** Why a text is no template; "accepted" where it is one. Any error but a TemplateError is the parser's fault. */
export function refusalOf(text: string): string {
  try {
    parseTemplate(text);
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
  return "accepted";
}

/** The kinds as refusals list them. */
export const KINDS =
  "ServiceAccount, ConfigMap, Secret, PersistentVolumeClaim, NetworkPolicy, Deployment, StatefulSet, Job, Service, Ingress, HTTPRoute";

/** The small template with a fourth document, which begins after line 45. */
export const added = (...lines: string[]) => edited(44, ["---", ...lines].join("\n"));

/** As {@link added}, with the document's first four lines written: its spec begins at line 50. */
export const addedKind = (apiVersion: string, kind: string, ...rest: string[]) =>
  added(`apiVersion: ${apiVersion}`, `kind: ${kind}`, "metadata:", "  name: service_name-more", ...rest);

/** The small template with lines put into its container, from line 18. */
export const inContainer = (text: string) => edited(17, indent(text, 10));

/** The small template with lines put into its pods' spec, from line 15. */
export const inPod = (text: string) => edited(14, indent(text, 6));

const indent = (text: string, by: number) => text.replace(/^/gm, " ".repeat(by));
