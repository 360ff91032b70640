import type { Session } from "./session.ts";

/** How often what moves without an event is read again. */
const REFRESH_MS = 5_000;

/** Lets the session read again from time to time while the page can be seen, and as soon as it can be seen again. */
export function keepFresh(session: Session): void {
  const tick = () => {
    if (!document.hidden) session.tick();
  };
  setInterval(tick, REFRESH_MS);
  document.addEventListener("visibilitychange", tick);
}
