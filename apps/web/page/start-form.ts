import { ApiError } from "repl-orchestrator-client";
import { byId, create, onPress } from "./dom.ts";
import { FAILURE_EXAMPLES } from "./failure-examples.ts";
import type { Session } from "./session.ts";

/** The form that starts a repl, and the names that fail on purpose. */
export function openStartForm(session: Session): void {
  const form = byId("start-form", HTMLFormElement);
  const input = byId("repl-id", HTMLInputElement);
  const error = byId("repl-id-error", HTMLParagraphElement);
  const hint = byId("repl-id-hint", HTMLParagraphElement);

  const complain = (text: string) => {
    error.textContent = text;
    error.hidden = text === "";
    hint.hidden = text !== "";
    // The hint is part of the complaint; a hidden one would be read out as well.
    input.setAttribute("aria-describedby", text === "" ? hint.id : error.id);
    if (text === "") input.removeAttribute("aria-invalid");
    else input.setAttribute("aria-invalid", "true");
    if (text !== "") input.focus();
  };
  const start = async () => {
    const replId = input.value.trim();
    input.value = replId;
    if (!input.checkValidity()) return complain(`Not a name yet. Expected: ${hint.textContent}`);
    complain("");
    try {
      await session.start(replId);
    } catch (problem) {
      complain(problem instanceof ApiError ? problem.message : String(problem));
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void start();
  });
  input.addEventListener("input", () => complain(""));
  byId("failure-examples", HTMLUListElement).append(
    ...FAILURE_EXAMPLES.map(({ replId, what }) => {
      const button = create("button", {}, create("span", {}, what), create("code", {}, replId));
      button.type = "button";
      onPress(button, () => {
        input.value = replId;
        void start();
      });
      return create("li", {}, button);
    }),
  );
}
