import { ConnectionError, UnexpectedAnswerError } from "../errors.ts";
import { reaching } from "./reaching.ts";

/**
 * The body of a success.
 * @param asked where the answer comes from, unless it says so itself
 * @throws ConnectionError where it was cut off, UnexpectedAnswerError where it is not JSON
 */
export async function readJson(response: Response, asked: URL): Promise<unknown> {
  const text = await reaching(asked, () => response.text());
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notJson(response, asked, cause);
  }
}

/** Half of a JSON document is no JSON either, but comes whole the next time. */
function notJson(response: Response, asked: URL, cause: unknown): Error {
  const { origin, pathname } = new URL(response.url || asked);
  const [type = ""] = (response.headers.get("content-type") ?? "").split(";");
  if (/[/+]json\s*$/i.test(type)) return new ConnectionError(`The answer of ${origin} was cut off.`, { cause });
  const what = `something that is not JSON (${type.trim() || "no content type"})`;
  return new UnexpectedAnswerError(`${origin}${pathname} answered ${what}; is baseUrl right?`, { cause });
}
