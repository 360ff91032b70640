import { ruleOf } from "../kinds.ts";
import { labelsOfUser } from "../labels.ts";
import type { Template } from "../template/parse.ts";
import { NAMESPACE_PLACEHOLDER } from "./placeholder.ts";
import { preparedFor } from "./prepared.ts";
import { type Manifest, stamp } from "./stamp.ts";

const fillsOf = preparedFor([NAMESPACE_PLACEHOLDER]);

/**
 * The manifests of one user's namespace, in the template's order, the Namespace itself among them.
 * @param user as a label value
 */
export function renderUserNamespace(template: Template, name: string, user: string): Manifest[] {
  const labels = labelsOfUser(user);
  return fillsOf(template).map((fill) => {
    const document = fill({ [NAMESPACE_PLACEHOLDER]: name });
    const isNamespace = ruleOf(document).wave === "namespace";
    return stamp(document, labels, isNamespace ? undefined : name);
  });
}
