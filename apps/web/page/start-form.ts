import { byId, create, onPress } from "./dom.ts";
import { FAILURE_EXAMPLES } from "./failure-examples.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

/** The form that starts a repl, and the names that fail on purpose. */
export function openStartForm(store: Store, session: Session): void {
  const form = byId("start-form", HTMLFormElement);
  const input = byId("repl-id", HTMLInputElement);
  const hint = byId("repl-id-hint", HTMLParagraphElement);

  const start = () => {
    const replId = input.value.trim();
    input.value = replId;
    const text = wrongWith(input.validity, hint.textContent);
    if (text === undefined) void session.start(replId, true);
    else store.update({ refusal: { text, field: "replId" } });
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });
  byId("failure-examples", HTMLUListElement).append(
    ...FAILURE_EXAMPLES.map(({ replId, what }) => {
      const button = create("button", {}, create("span", {}, what), create("code", {}, replId));
      button.type = "button";
      onPress(button, () => {
        input.value = replId;
        start();
      });
      return create("li", {}, button);
    }),
  );
}

/** Undefined where the name is one. */
function wrongWith({ valid, valueMissing }: ValidityState, expected: string | null): string | undefined {
  if (valid) return undefined;
  return valueMissing ? "Give the repl a name." : `Not a name yet. Expected: ${expected}`;
}
