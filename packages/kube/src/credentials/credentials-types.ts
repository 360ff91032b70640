/** The process environment, handed in by the root: exec plugins inherit it, in-cluster loading reads two variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where credentials come from. */
export type CredentialSource =
  | {
      /** Paths of kubeconfig files, joined by `:` (`;` on Windows), as in the variable KUBECONFIG. */
      kubeconfig: string;
      /** Another context than the file's current one. */
      context?: string | undefined;
      environment: Environment;
    }
  | {
      /** The service account of the pod we run in. */
      inCluster: true;
      environment: Environment;
      /** Where the service account is mounted, if not at the usual place. */
      directory?: string | undefined;
    }
  | {
      /** A server that wants no credentials, such as a simulator: `http://127.0.0.1:8080`. */
      server: string;
    };

/** What TLS needs; all as PEM. Nothing set: the system's authorities, no client certificate. */
export interface TlsMaterial {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  servername?: string | undefined;
  rejectUnauthorized?: boolean | undefined;
}

/** What one call needs to know. */
export interface Access {
  /** Never to be logged. */
  headers: Readonly<Record<string, string>>;
  tls: Readonly<TlsMaterial>;
  /** Grows whenever `tls` differs from before: connections of an older revision must not be used again. */
  tlsRevision: number;
}

/** Loaded credentials, which look after themselves. */
export interface Credentials {
  /** Without a slash at its end; may have a path. */
  readonly server: string;
  /** `http:` or `https:` proxy to reach it through. */
  readonly proxyUrl?: string | undefined;
  /** The context's namespace. */
  readonly namespace?: string | undefined;
  /**
   * Current headers and TLS material. Files are looked at again once a minute at most, exec plugins are run again
   * shortly before their credential expires. While a changed file cannot be read, what was read last holds.
   */
  access(): Promise<Access>;
  /**
   * After a 401 or a TLS failure: reads everything again now, unless that has happened since `refused` was handed out.
   * Calls at the same time share one reading; one of `access` that is under way is waited for first, since it may keep
   * what was refused. Returns `refused` itself when nothing has changed, or while a changed file cannot be read.
   * @throws {CredentialsError} when the exec plugin fails: nobody knows then whether something has changed
   */
  reload(refused: Access): Promise<Access>;
}
