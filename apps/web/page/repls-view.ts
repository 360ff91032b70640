import { durationText, type ReplStatus } from "repl-orchestrator-client";
import { byId, create, linkTo, onPress, setText } from "./dom.ts";
import type { Session } from "./session.ts";
import type { State, Store } from "./store.ts";
import { REPL_STATE_NAMES } from "./words.ts";

/**
 * The list of the user's repls, the one that changed last on top when it comes. A row stays where it is as long as its
 * repl is there, so that neither the focus is lost nor another row comes under the pointer.
 */
export function openReplsView(store: Store, session: Session): void {
  const list = byId("repls", HTMLUListElement);
  const empty = byId("repls-empty", HTMLParagraphElement);
  const rows = new Map<string, Row>();

  const removeAllBut = (repls: readonly ReplStatus[]) => {
    const kept = new Set(repls.map(({ replId }) => replId));
    for (const [replId, { element }] of rows) {
      if (kept.has(replId)) continue;
      element.remove();
      rows.delete(replId);
    }
  };
  const add = (repls: readonly ReplStatus[]) => {
    const added = repls.filter(({ replId }) => !rows.has(replId)).toSorted(byChange);
    for (const { replId } of added) rows.set(replId, createRow(session));
    list.prepend(...added.flatMap(({ replId }) => rows.get(replId)?.element ?? []));
  };

  store.draw(({ repls = [] }: State) => {
    removeAllBut(repls);
    add(repls);
    for (const repl of repls) rows.get(repl.replId)?.draw(repl);
  });
  store.draw(({ repls, trouble }: State) => {
    empty.hidden = repls !== undefined && repls.length > 0;
    if (repls !== undefined) setText(empty, "None yet.");
    else setText(empty, trouble ? "The list is not there yet." : "Loading…");
  });
}

const byChange = (a: ReplStatus, b: ReplStatus) => b.since.localeCompare(a.since) || a.replId.localeCompare(b.replId);

interface Row {
  readonly element: HTMLLIElement;
  draw(repl: ReplStatus): void;
}

function createRow(session: Session): Row {
  let repl: ReplStatus | undefined;
  const label = create("span");
  const name = create("button", { className: "name" }, unseen("Show the latest job of "), label);
  const state = create("span", { className: "badge" });
  const since = create("span", { className: "hint" });
  const links = create("span", { className: "links" });
  const action = create("button");
  const inWords = create("span", { className: "unseen" });
  const reason = create("button", { className: "reason" }, "Show the reason", inWords);
  for (const button of [name, action, reason]) button.type = "button";
  for (const button of [name, reason]) onPress(button, () => repl && showJob(repl, session));
  onPress(action, () => repl && void session[doesOf(repl)](repl.replId));
  const element = create("li", {}, name, create("span", { className: "state" }, state, since), links, action);
  return {
    element,
    draw(next) {
      repl = next;
      setText(label, next.replId);
      name.disabled = !isKept(next);
      name.title = name.disabled ? "Its latest job is no longer kept" : "";
      setText(state, REPL_STATE_NAMES[next.state]);
      state.dataset["state"] = next.state;
      setText(since, `for ${durationText(Date.now() - Date.parse(next.since))}`);
      setText(inWords, ` for the failure of ${next.replId}`);
      const leadsTo = hasReason(next) ? "reason" : next.urls.join(" ");
      if (links.dataset["to"] !== leadsTo)
        links.replaceChildren(...(hasReason(next) ? [reason] : next.urls.slice(0, 1).map(linkTo)));
      links.dataset["to"] = leadsTo;
      setText(action, doesOf(next) === "stop" ? "Stop" : "Start");
      action.setAttribute("aria-label", `${action.textContent} ${next.replId}`);
    },
  };
}

const unseen = (text: string) => create("span", { className: "unseen" }, text);

function showJob({ job }: ReplStatus, session: Session): void {
  void session.show(job.jobId);
  // The job that is on the screen already brings nothing new that would come into view by itself.
  byId("job", HTMLElement).scrollIntoView({ block: "nearest" });
}

/** Whether its latest job can still be shown. */
const isKept = ({ job }: ReplStatus) => job.state !== null;

/** Whether it failed, and its job says why. */
const hasReason = (repl: ReplStatus) => repl.state === "failed" && isKept(repl);

/** What a repl is meant to do decides: one whose last start failed may still run, and counts as one that does. */
function doesOf({ desired }: ReplStatus): "start" | "stop" {
  return desired === "running" ? "stop" : "start";
}
