import { readFile } from "node:fs/promises";
import { type Template, TemplateError } from "@repl/provision";

/** A template that cannot be read or is refused. The message names the setting, the file and every problem with its line. */
export class UnusableTemplate extends Error {
  override readonly name = "UnusableTemplate";
}

/**
 * Reads and checks a template. Done once: a start only renders.
 * @param variable the setting that names the path
 */
export async function readTemplate(
  variable: string,
  path: string,
  parse: (text: string) => Template,
): Promise<Template> {
  try {
    return parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof TemplateError)
      throw new UnusableTemplate(`${variable}: ${path} is refused:\n${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UnusableTemplate(`${variable}: ${path} cannot be read (${code}).`);
  }
}
