import { ruleOf } from "../kinds.ts";
import { labelsOfUser } from "../labels.ts";
import type { Template } from "../template/parse.ts";
import { NAMESPACE_PLACEHOLDER } from "./placeholder.ts";
import { type Manifest, stamp } from "./stamp.ts";
import { substitute } from "./substitute.ts";

/**
 * The manifests of one user's namespace, in the template's order, the Namespace itself among them.
 * @param user as a label value
 */
export function renderUserNamespace(template: Template, name: string, user: string): Manifest[] {
  const labels = labelsOfUser(user);
  return template.manifests.map((document) => {
    const isNamespace = ruleOf(document).wave === "namespace";
    return stamp(substitute(document, { [NAMESPACE_PLACEHOLDER]: name }), labels, isNamespace ? undefined : name);
  });
}
