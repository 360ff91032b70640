import { type Document, LineCounter, parseAllDocuments } from "yaml";
import { isObject } from "../json.ts";
import { type TemplateDocument, templateDocument } from "./document.ts";
import { TemplateError, type TemplateProblem } from "./template-error.ts";

/** Longer than any sensible template. The `yaml` library compares each key with all others: 256 KiB of keys take 8 s. */
const LONGEST_TEXT = 64 * 1024;
/** Most characters of one document's JSON, aliases expanded; etcd takes no request above 1.5 MiB. */
const LARGEST_DOCUMENT = 256 * 1024;
/** The `yaml` library's guard against aliases that expand without bound. */
const MOST_ALIASES = 100;

/**
 * Reads the documents of a template's file; what they say is not looked at yet.
 * @throws {TemplateError} naming every problem with document and line
 */
export function readDocuments(text: string): TemplateDocument[] {
  if (text.length > LONGEST_TEXT) {
    throw new TemplateError([{ document: 1, line: 1, message: `longer than ${LONGEST_TEXT} characters` }]);
  }
  const lines = new LineCounter();
  // Pretty errors would repeat the line and quote the text, which takes time that grows with the square of its length.
  const parsed = parseAllDocuments(text, { lineCounter: lines, strict: true, uniqueKeys: true, prettyErrors: false });
  const yamls = Array.isArray(parsed) ? parsed : [];
  if (yamls.length === 0) throw new TemplateError([{ document: 1, line: 1, message: "the template is empty" }]);
  const problems: TemplateProblem[] = [];
  const documents = yamls.flatMap((yaml, index) => {
    const tree = readTree(yaml, index, lines, problems);
    return isObject(tree) ? [templateDocument(yaml, index, lines, tree)] : [];
  });
  if (problems.length > 0) throw new TemplateError(problems);
  return documents;
}

function readTree(yaml: Document.Parsed, index: number, lines: LineCounter, problems: TemplateProblem[]): unknown {
  const complain = (offset: number, message: string) => {
    problems.push({ document: index + 1, line: lines.linePos(offset).line, message });
  };
  const start = yaml.contents?.range?.[0] ?? yaml.range[0];
  // Warnings are tags that mean nothing to us, such as !!js/function: what cannot be understood is refused.
  for (const { pos, message } of [...yaml.errors, ...yaml.warnings]) complain(pos[0], message);
  if (yaml.errors.length > 0) return undefined;
  const { version } = yaml.directives.yaml;
  if (version !== "1.2")
    complain(start, `YAML ${version} reads words such as yes as booleans; leave the directive out`);
  try {
    const tree: unknown = yaml.toJS({ maxAliasCount: MOST_ALIASES });
    if (!isObject(tree)) complain(start, "not a Kubernetes manifest: a mapping is expected");
    else if (sizeOf(tree) > LARGEST_DOCUMENT)
      complain(start, `larger than ${LARGEST_DOCUMENT} characters once expanded`);
    return tree;
  } catch (error) {
    complain(start, error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function sizeOf(tree: unknown): number {
  try {
    return JSON.stringify(tree).length;
  } catch {
    throw new Error("an alias stands for something that contains the alias itself");
  }
}
