const MANAGED_FIELDS = ',"managedFields":[';

/**
 * Parses JSON of Kubernetes objects without their `managedFields`: who set which field. They are half of an object's text and more than
 * half of the work of parsing it, since they have the objects' own names and uids for keys.
 *
 * The text is cut before it is parsed. A list of managed fields has no list in it, so its end is the first bracket that closes one
 * (metav1.FieldsV1). Where that bracket is part of a key what is left is no JSON, and the whole is parsed.
 * @throws {SyntaxError} where the text is no JSON
 */
export function parseUnmanaged(text: string): unknown {
  const cut = withoutManagedFields(text);
  if (cut === text) return JSON.parse(text);
  try {
    return JSON.parse(cut);
  } catch {
    return JSON.parse(text);
  }
}

function withoutManagedFields(text: string): string {
  let kept = "";
  let from = 0;
  for (;;) {
    const start = text.indexOf(MANAGED_FIELDS, from);
    const end = start === -1 ? -1 : text.indexOf("]", start);
    if (end === -1) return from === 0 ? text : kept + text.slice(from);
    kept += text.slice(from, start);
    from = end + 1;
  }
}
