/** A value that is given in place, or in a file that is read again when it changes. */
export type Material = { text: string } | { file: string };

/** An external program that prints an ExecCredential (client.authentication.k8s.io). */
export interface ExecPlugin {
  apiVersion: string;
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Shown when the command is not there. */
  installHint?: string | undefined;
  provideClusterInfo: boolean;
}

/** Which server, and as whom: what kubeconfig and in-cluster loading agree on. */
export interface Identity {
  /** Where this came from, for errors: a path, or `in-cluster`. */
  origin: string;
  server: string;
  proxyUrl?: string | undefined;
  namespace?: string | undefined;
  ca?: Material | undefined;
  servername?: string | undefined;
  insecure: boolean;
  cert?: Material | undefined;
  key?: Material | undefined;
  token?: Material | undefined;
  basic?: { username: string; password: string } | undefined;
  exec?: ExecPlugin | undefined;
  /** A legacy `auth-provider` entry, as it stands in the kubeconfig. */
  authProvider?: { name: string; user: object } | undefined;
  impersonate?: string | undefined;
}
