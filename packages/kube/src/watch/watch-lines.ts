/** Longer than any event: etcd takes objects up to 1.5 MiB. Bounds what a stream without line ends can cost. */
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;

/**
 * The lines of a byte stream, without their ends; the last one also when it has none. Empty lines are left out.
 * @throws {RangeError} when a line is longer than 16 Mi characters
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield line;
    if (rest.length > MAX_LINE_CHARACTERS) {
      throw new RangeError("a line of the watch does not end");
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
