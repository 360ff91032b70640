import { hash, randomInt } from "node:crypto";

/** Kubernetes' own alphabet for generated names: no vowels, nothing that reads like another character. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const MAX_GENERATED_PREFIX = 58;

const letter = (index: number): string => ALPHABET[index] ?? "b";

/** Five random characters, as behind `generateName`. */
const randomSuffix = (): string => Array.from({ length: 5 }, () => letter(randomInt(ALPHABET.length))).join("");

export const generatedName = (prefix: string): string => prefix.slice(0, MAX_GENERATED_PREFIX) + randomSuffix();

/** The value of the label `pod-template-hash`: the same template gives the same ten characters. */
export function templateHash(template: unknown): string {
  const digest = hash("sha256", JSON.stringify(template), "buffer");
  return Array.from(digest.subarray(0, 10), (byte) => letter(byte % ALPHABET.length)).join("");
}
