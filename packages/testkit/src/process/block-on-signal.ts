import { readFileSync } from "node:fs";
import process from "node:process";

/**
 * Loaded with `--import` into a process under test: at each SIGWINCH its event loop stands still until whoever opened the
 * pipe (`?pipe=PATH`) for writing closes it. Its other threads and its sockets live on, as with a computation that takes
 * too long. No app listens to this signal, and without a listener it does nothing.
 */
const pipe = new URL(import.meta.url).searchParams.get("pipe") ?? "";
process.on("SIGWINCH", () => readFileSync(pipe));
