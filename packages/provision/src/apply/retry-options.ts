import type { KubeError, RetryOptions } from "@repl/kube";
import type { Attempt } from "../attempt.ts";

/** Failed tries before the client is told: a server that is busy for a moment is not worth a word. */
const QUIET_TRIES = 1;

/**
 * How the calls of one attempt are repeated: until the cluster has been away for too long. Sending a write twice does no
 * harm here, since each one is tied to a name or a uid. What is waited for shows in the job's message.
 */
export function retryOptions(attempt: Attempt, unavailableMs: number): RetryOptions {
  let told = "";
  const onRetry = ({ subject, serverMessage }: KubeError, triesSoFar: number): void => {
    const message = `Waiting for the cluster, which does not accept ${subject} yet: ${serverMessage.trim()}`;
    if (triesSoFar <= QUIET_TRIES || message === told) return;
    told = message;
    // A lost lease ends the attempt by itself; a lost message is the next one's.
    attempt.report({ message }).catch(() => {});
  };
  return { signal: attempt.signal, deadlineMs: unavailableMs, retryUnknown: true, onRetry };
}
