/** One reply of a pipeline, as ioredis gives it. */
export type PipelineReply = [error: Error | null, result: unknown] | undefined;

/**
 * The reply's list of values; empty where there is none.
 * @throws the command's own error
 */
export function replyOf(reply: PipelineReply): (string | null)[] {
  if (reply?.[0]) throw reply[0];
  return (reply?.[1] ?? []) as (string | null)[];
}
