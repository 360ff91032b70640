import type { Complaint, Field } from "./complaint.ts";
import { byId } from "./dom.ts";
import type { State, Store } from "./store.ts";

/**
 * Says what is wrong with a field beside it, in the place of its hint, until the field is changed. A refusal answers a
 * press, so it takes the reader to the field; what a reading of the list comes to does not.
 */
export function openField(store: Store, field: Field, id: string): void {
  const input = byId(id, HTMLInputElement);
  const complain = complainer(input);
  let shown: Complaint | undefined;
  store.draw(({ refusal, trouble }: State) => {
    const complaint = [refusal, trouble].find((each) => each?.field === field);
    if (complaint === shown) return;
    shown = complaint;
    complain(complaint?.text ?? "");
    if (complaint !== undefined) unfold(input);
    if (complaint !== undefined && complaint === refusal) input.focus();
  });
  input.addEventListener("input", () => complain(""));
}

function complainer(input: HTMLInputElement): (text: string) => void {
  const error = byId(`${input.id}-error`, HTMLParagraphElement);
  const hint = byId(`${input.id}-hint`, HTMLParagraphElement);
  return (text) => {
    error.textContent = text;
    error.hidden = text === "";
    hint.hidden = text !== "";
    // The hint is part of the complaint; a hidden one would be read out as well.
    input.setAttribute("aria-describedby", text === "" ? hint.id : error.id);
    if (text === "") input.removeAttribute("aria-invalid");
    else input.setAttribute("aria-invalid", "true");
  };
}

function unfold(input: HTMLInputElement): void {
  const details = input.closest("details");
  if (details) details.open = true;
}
