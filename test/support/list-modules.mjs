// Preloaded into a process (NODE_OPTIONS --import): writes the address of every module that it loads to MODULES_FILE.
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
import process from "node:process";

const file = process.env.MODULES_FILE;

registerHooks({
  load(url, context, next) {
    appendFileSync(file, `${url}\n`);
    return next(url, context);
  },
});
