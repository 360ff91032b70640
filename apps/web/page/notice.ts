import { byId, setText } from "./dom.ts";
import type { State, Store } from "./store.ts";

/** What did not work, above everything. A refusal answers a press that may have been far below, so it comes into view. */
export function openNotice(store: Store): void {
  const notice = byId("notice", HTMLParagraphElement);
  let shown: string | undefined;
  store.draw(({ refusal, lost, trouble }: State) => {
    setText(notice, refusal ?? lost ?? trouble ?? "");
    notice.hidden = notice.textContent === "";
    if (refusal !== undefined && refusal !== shown) notice.scrollIntoView({ block: "nearest" });
    shown = refusal;
  });
}
