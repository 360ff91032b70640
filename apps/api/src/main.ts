import { createLog, logWarnings, readBuild } from "@repl/ops";
import { loadApiSettings } from "@repl/settings";
import closeWithGrace from "close-with-grace";
import { startApi } from "./start-api.ts";

try {
  const settings = loadApiSettings(process.env);
  const log = createLog({ process: "api", level: settings.logLevel });
  logWarnings(log);
  log.info(readBuild(), "starting");
  const starting = startApi(settings, log);
  // Before it listens: whoever has read that it does may tell the process to end.
  closeWithGrace({ delay: settings.shutdownGraceSeconds * 1_000, logger: log }, async ({ err, signal }) => {
    if (err) log.fatal({ err }, "unexpected error, ending");
    else log.info({ signal }, "ending");
    const api = await starting;
    await api.close(err ? "at once" : "in order");
    log.info("ended");
  });
  await starting;
} catch (error) {
  createLog({ process: "api", level: "fatal" }).fatal((error as Error).message);
  process.exit(1);
}
