import type { Complaint } from "./complaint.ts";
import { byId, setText } from "./dom.ts";
import type { State, Store } from "./store.ts";

/**
 * What did not work and belongs to no field, above everything. A refusal answers a press that may have been far below, so
 * it comes into view.
 */
export function openNotice(store: Store): void {
  const notice = byId("notice", HTMLParagraphElement);
  let shown: Complaint | undefined;
  store.draw(({ refusal, lost, trouble }: State) => {
    setText(notice, textOf(refusal) ?? lost ?? textOf(trouble) ?? "");
    notice.hidden = notice.textContent === "";
    if (refusal !== undefined && refusal !== shown) notice.scrollIntoView({ block: "nearest" });
    shown = refusal;
  });
}

function textOf(complaint: Complaint | undefined): string | undefined {
  return complaint?.field === undefined ? complaint?.text : undefined;
}
