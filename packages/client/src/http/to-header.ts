/**
 * A value for a header, as it is.
 * @param argument what the caller calls it
 * @throws TypeError that names the argument, and does not tell its value, where no header can hold it
 */
export function toHeader(argument: string, value: string): string {
  try {
    new Headers({ [argument]: value });
    return value;
  } catch {
    throw new TypeError(`${argument} has a character that no HTTP header can hold.`);
  }
}
