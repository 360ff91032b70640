import { readFile } from "node:fs/promises";
import { parseTemplate, type Template, TemplateError } from "@repl/provision";

/** A template that cannot be read or is refused. The message names the setting, the file and every problem with its line. */
export class UnusableTemplate extends Error {
  override readonly name = "UnusableTemplate";
}

/** Reads and checks the template. Done once: a start only renders. */
export async function readTemplate(path: string): Promise<Template> {
  try {
    return parseTemplate(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof TemplateError)
      throw new UnusableTemplate(`TEMPLATE_PATH: ${path} is refused:\n${error.message}`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UnusableTemplate(`TEMPLATE_PATH: ${path} cannot be read (${code}).`);
  }
}
