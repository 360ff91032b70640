import { ConnectionError } from "../errors.ts";

/**
 * Does what goes over the network.
 * @throws ConnectionError instead of what `fetch` or reading an answer throws
 */
export async function reaching<T>(url: URL, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const why = (cause as Error | null)?.name === "TimeoutError" ? "did not answer in time" : "cannot be reached";
    throw new ConnectionError(`${url.origin} ${why}.`, { cause });
  }
}
