/** Credentials that cannot be used. The message names file and field and never holds what is in them. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
}

/** An exec plugin that gave no credential: it may do so next time. */
export class ExecPluginError extends CredentialsError {}

/** What a file system error means, in words; the error's own message repeats the path. */
export function fileProblem(error: unknown): string {
  const code = (error as NodeJS.ErrnoException)?.code;
  switch (code) {
    case "ENOENT":
      return "no such file";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EISDIR":
      return "is a directory";
    default:
      return `cannot be read (${code ?? "unknown error"})`;
  }
}
