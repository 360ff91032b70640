import { byId, setText } from "./dom.ts";
import type { State, Store } from "./store.ts";

/** Below this the answer itself is feedback enough. */
const PATIENCE_MS = 500;

/** Says what the service has been asked for, once it takes its time to answer. */
export function openAskedView(store: Store): void {
  const element = byId("asked", HTMLParagraphElement);
  let shown: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  store.draw(({ asked }: State) => {
    if (asked === shown) return;
    shown = asked;
    clearTimeout(timer);
    if (asked === undefined) setText(element, "");
    else timer = setTimeout(() => setText(element, asked), PATIENCE_MS);
  });
}
