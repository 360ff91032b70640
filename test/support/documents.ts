import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A piece of code in a document. */
export interface Block {
  /** The words after the fence: `sh`, or `json JobStatus`. */
  readonly info: string;
  readonly text: string;
}

/** A document of the repository. */
export interface Markdown {
  /** From the repository's root. */
  readonly path: string;
  /** What is not code. */
  readonly prose: string;
  readonly blocks: readonly Block[];
}

const FENCED = /^```([^\n]*)\n([\s\S]*?)^```$/gm;

/** Reads a document. @param path from the repository's root */
export function readMarkdown(path: string): Markdown {
  const text = readFileSync(join(ROOT, path), "utf8");
  const blocks = [...text.matchAll(FENCED)].map(([, info = "", code = ""]) => ({ info: info.trim(), text: code }));
  return { path, prose: text.replace(FENCED, ""), blocks };
}

/** Every document of the repository, by path. */
export const DOCUMENTS: readonly Markdown[] = globSync(
  "{*,{docs,apps,packages,test,tools,script,k8s,examples,bench}/**/*}.md",
  { cwd: ROOT, exclude: (name) => /(^|\/)(node_modules|dist)$/.test(String(name)) },
)
  .sort()
  .map(readMarkdown);

/** The blocks whose words after the fence fit. */
export function blocksOf(info: RegExp): (Block & { readonly path: string })[] {
  return DOCUMENTS.flatMap(({ path, blocks }) =>
    blocks.filter((block) => info.test(block.info)).map((block) => ({ path, ...block })),
  );
}

/** The text of a document's block that begins with these words. @throws Error where there is none */
export function blockOf(document: string, begins: string): string {
  const block = readMarkdown(document).blocks.find(({ text }) => text.startsWith(begins));
  if (block === undefined) throw new Error(`${document} has no block that begins with ${begins}`);
  return block.text;
}

/** The commands of a block for a shell: a line each; a here-document belongs to its command, a comment behind one does not. */
export function commandsOf(text: string): string[] {
  return (text.match(/^.*<<'(\w+)'[^\n]*\n[\s\S]*?^\1$|^.+$/gm) ?? []).map((command) =>
    command.replace(/\s+# .*$/, "").trim(),
  );
}

/**
 * Whether an output is what a document shows of it: `…` stands for anything, and so does white space at the beginning and the end of
 * a line.
 */
export function fits(shown: string, output: string): boolean {
  const joined = (text: string) => text.replace(/\s*\n\s*/g, "").trim();
  const parts = joined(shown).split(/\s*…\s*/);
  const pattern = parts.map((part) => RegExp.escape(part)).join(".*");
  return new RegExp(pattern).test(joined(output));
}
