import { isExecutable } from "@repl/testkit";
import { type Browser, chromium } from "playwright-core";

/** Where Linux distributions and macOS put a Chromium; script/test installs Debian's. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The system's browser; undefined where there is none. */
export const chromiumPath = PLACES.find(isExecutable);

/**
 * Starts the system's browser. The sandbox is off: it cannot work for root, and the tests open only pages of their own.
 * @param args further arguments of Chromium
 */
export function openBrowser(args: readonly string[] = []): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(`no Chromium at any of ${PLACES.join(", ")}`);
  return chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", ...args] });
}
