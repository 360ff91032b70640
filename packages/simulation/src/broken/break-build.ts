import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import type { BrokenBuild, Edit } from "./broken-build.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const SCRIPTS = "packages/contract/src/store/scripts.ts";
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a module
const READ = 'readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8")';

/**
 * Breaks the modules that are loaded from now on as a build says.
 * @throws {Error} while loading, where the text to change is not there exactly once: the build is out of date then
 */
export function breakBuild({ name, edits }: BrokenBuild): void {
  const modules = new Map<string, ((source: string) => string)[]>();
  for (const edit of edits) {
    const file = edit.file.endsWith(".lua") ? SCRIPTS : edit.file;
    const change = edit.file.endsWith(".lua") ? inScript(edit) : (source: string) => replaceOnce(source, edit, name);
    modules.set(file, [...(modules.get(file) ?? []), change]);
  }
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const changes = url.startsWith("file:") ? modules.get(fileURLToPath(url).slice(ROOT.length)) : undefined;
      if (changes === undefined) return loaded;
      const source = changes.reduce((text, change) => change(text), String(loaded.source));
      return { ...loaded, source };
    },
  });
}

/** Lua is read from its file by a module: that module is told to change it. */
function inScript(edit: Edit): (source: string) => string {
  const script = /([a-z]+)\.lua$/.exec(edit.file)?.[1];
  const { find, replace } = edit;
  const check = `((lua: string) => { if (name !== ${JSON.stringify(script)}) return lua; if (lua.split(${JSON.stringify(find)}).length !== 2) throw new Error("out of date: ${edit.file}"); return lua.replace(${JSON.stringify(find)}, () => ${JSON.stringify(replace)}); })`;
  return (source) => replaceOnce(source, { file: SCRIPTS, find: READ, replace: `${check}(${READ})` }, edit.file);
}

function replaceOnce(source: string, { file, find, replace }: Edit, name: string): string {
  if (source.split(find).length !== 2) throw new Error(`the broken build "${name}" is out of date: see ${file}`);
  return source.replace(find, () => replace);
}
