import { byId, setText } from "./dom.ts";
import type { Memory } from "./memory.ts";

/** The fields that say who the user is; `onChange` follows each change of them. */
export function openIdentity(memory: Memory, onChange: () => void): void {
  const userId = byId("user-id", HTMLInputElement);
  const token = byId("token", HTMLInputElement);
  const now = byId("identity-now", HTMLSpanElement);
  const show = () => setText(now, token.value ? "by access token" : userId.value || "anonymous");

  userId.value = memory.userId;
  token.value = memory.token;
  show();
  byId("identity-form", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
  userId.addEventListener("change", () => {
    memory.userId = userId.value.trim();
    show();
    onChange();
  });
  token.addEventListener("change", () => {
    memory.token = token.value.trim();
    show();
    onChange();
  });
}
