/** Waits for all of them before it fails with the first error: none may still be writing when the attempt ends. */
export async function settleAll<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
