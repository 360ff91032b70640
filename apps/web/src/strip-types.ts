import { stripTypeScriptTypes } from "node:module";
import process from "node:process";

/**
 * TypeScript as the JavaScript that remains without its types; every line stays where it is.
 * @throws SyntaxError where something but types would have to go
 */
export function stripTypes(source: string): string {
  // Node runs this very process by the same function, yet warns of each process that calls it by name.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}
