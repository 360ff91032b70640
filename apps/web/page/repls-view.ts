import type { ReplStatus } from "repl-orchestrator-client";
import { byId, create, linkTo, setText } from "./dom.ts";
import type { Session } from "./session.ts";
import type { State, Store } from "./store.ts";
import { durationText, REPL_STATE_NAMES } from "./words.ts";

/** The list of the user's repls. A row stays the same element as long as its repl is there, so that focus stays too. */
export function openReplsView(store: Store, session: Session): void {
  const list = byId("repls", HTMLUListElement);
  const empty = byId("repls-empty", HTMLParagraphElement);
  const rows = new Map<string, Row>();

  store.draw(({ repls, trouble }: State) => {
    const sorted = repls.toSorted((a, b) => b.since.localeCompare(a.since) || a.replId.localeCompare(b.replId));
    for (const replId of rows.keys()) if (!sorted.some((repl) => repl.replId === replId)) rows.delete(replId);
    const elements = sorted.map((repl) => {
      const row = rows.get(repl.replId) ?? createRow(session);
      rows.set(repl.replId, row);
      row.draw(repl);
      return row.element;
    });
    if (elements.some((element, index) => list.children[index] !== element) || list.children.length > elements.length)
      list.replaceChildren(...elements);
    empty.hidden = elements.length > 0;
    setText(empty, trouble ? "The list is not there yet." : "None yet.");
  });
}

interface Row {
  readonly element: HTMLLIElement;
  draw(repl: ReplStatus): void;
}

function createRow(session: Session): Row {
  let repl: ReplStatus | undefined;
  const name = create("button", { className: "name", title: "Show its latest job" });
  const state = create("span", { className: "badge" });
  const since = create("span", { className: "hint" });
  const links = create("span", { className: "links" });
  const action = create("button");
  for (const button of [name, action]) button.type = "button";
  name.addEventListener("click", () => repl && void session.show(repl.job.jobId));
  action.addEventListener("click", () => repl && void session[doesOf(repl)](repl.replId));
  const element = create("li", {}, name, create("span", { className: "state" }, state, since), links, action);
  return {
    element,
    draw(next) {
      repl = next;
      setText(name, next.replId);
      setText(state, REPL_STATE_NAMES[next.state]);
      state.dataset["state"] = next.state;
      setText(since, `for ${durationText(Date.now() - Date.parse(next.since))}`);
      const text = next.urls.join(" ");
      if (links.dataset["urls"] !== text) links.replaceChildren(...next.urls.slice(0, 1).map(linkTo));
      links.dataset["urls"] = text;
      setText(action, doesOf(next) === "stop" ? "Stop" : "Start");
      action.setAttribute("aria-label", `${action.textContent} ${next.replId}`);
    },
  };
}

function doesOf({ state }: ReplStatus): "start" | "stop" {
  return state === "stopped" || state === "stopping" || state === "failed" ? "start" : "stop";
}
