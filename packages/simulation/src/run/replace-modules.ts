import { registerHooks } from "node:module";

/** Has `bullmq` mean queue/bullmq.ts in this process, for all modules that are loaded from now on. */
export function replaceModules(): void {
  const url = new URL("../queue/bullmq.ts", import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "bullmq" ? { url, shortCircuit: true, format: "module-typescript" } : next(specifier, context),
  });
}
