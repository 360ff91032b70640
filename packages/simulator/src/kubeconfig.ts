/** What a kubeconfig of the simulator says. */
export interface KubeconfigParts {
  readonly url: string;
  readonly token: string;
  /** PEM of the authority to trust; left out for plain HTTP. */
  readonly ca?: string;
  readonly namespace: string;
}

/** A kubeconfig with one context, as YAML. All values are quoted. */
export function kubeconfigYaml(parts: KubeconfigParts): string {
  const quoted = (text: string): string => JSON.stringify(text);
  const ca =
    parts.ca === undefined
      ? []
      : [`      certificate-authority-data: ${quoted(Buffer.from(parts.ca).toString("base64"))}`];
  return [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    "  - name: simulator",
    "    cluster:",
    `      server: ${quoted(parts.url)}`,
    ...ca,
    "users:",
    "  - name: admin",
    "    user:",
    `      token: ${quoted(parts.token)}`,
    "contexts:",
    "  - name: simulator",
    "    context:",
    "      cluster: simulator",
    "      user: admin",
    `      namespace: ${quoted(parts.namespace)}`,
    "current-context: simulator",
    "",
  ].join("\n");
}
