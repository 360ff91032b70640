import { Failure } from "@repl/contract";
import { KINDS, type KubeClient, KubeError, type KubeObject, withRetry } from "@repl/kube";
import { retryOptions } from "../apply/retry-options.ts";
import type { Attempt } from "../attempt.ts";
import { explain } from "../explain.ts";
import { labelsOfUser } from "../labels.ts";

/** The Secrets that belong in each user's namespace. Never to be logged. */
export interface UserSecrets {
  /** Changes with any of the values; it never leaves the process. */
  readonly version: string;
  readonly secrets: readonly {
    readonly name: string;
    /** Kubernetes' type of it; one that is there can never get another. */
    readonly type: string;
    /** Base64 by key. */
    readonly data: Readonly<Record<string, string>>;
  }[];
}

/** Where to write Secrets, and whose namespace that is. */
export interface SecretsPlace {
  readonly namespace: string;
  /** Of the Namespace: a namesake has none of what was written into its predecessor. */
  readonly uid: string;
  /** As a label value. */
  readonly user: string;
}

/**
 * Writes the Secrets by server-side apply, which creates and updates alike and needs no right to read them. Fields that
 * somebody else owns are not taken over.
 * @throws {Failure} with a code of the contract
 */
export async function writeSecrets(
  { secrets }: UserSecrets,
  { namespace, user }: SecretsPlace,
  client: KubeClient,
  attempt: Attempt,
  unavailableMs: number,
): Promise<void> {
  const { signal } = attempt;
  const write = async (secret: KubeObject, triesSoFar: number) => {
    await attempt.guard();
    const ref = { ...KINDS.Secret, namespace, name: secret.metadata.name };
    await client.patch(ref, secret, { type: "apply", signal, triesSoFar });
  };
  try {
    for (const { name, type, data } of secrets) {
      const metadata = { name, namespace, labels: labelsOfUser(user) };
      const secret = { apiVersion: "v1", kind: "Secret", metadata, type, data };
      await withRetry((triesSoFar) => write(secret, triesSoFar), retryOptions(attempt, unavailableMs));
    }
  } catch (error) {
    throw isFixed(error) ? conflict(error) : explain(error);
  }
}

function isFixed(error: unknown): error is KubeError {
  return error instanceof KubeError && error.code === "immutable_field";
}

/** To delete it here would take the right to delete any Secret, of all namespaces. */
function conflict(error: KubeError): Failure {
  const { subject, serverMessage } = error;
  const detail = `${subject} cannot become what is to be written: ${serverMessage}. Delete it, and the next start or sweep makes it anew.`;
  return new Failure("resource_conflict", { detail, details: { subject, message: serverMessage }, cause: error });
}
