import { createClient } from "repl-orchestrator-client";
import { openAnnouncer } from "./announcer.ts";
import { openAskedView } from "./asked-view.ts";
import { openIdentity } from "./identity.ts";
import { openJobView } from "./job-view.ts";
import { keepFresh } from "./keep-fresh.ts";
import { openMemory } from "./memory.ts";
import { openNotice } from "./notice.ts";
import { openReplsView } from "./repls-view.ts";
import { createSession } from "./session.ts";
import { openStartForm } from "./start-form.ts";
import { createStore } from "./store.ts";

const memory = openMemory();
const store = createStore();
const client = createClient({ baseUrl: new URL(".", document.baseURI), token: () => memory.token });
const session = createSession(client, store, memory);

openNotice(store);
openAskedView(store);
openStartForm(session);
openIdentity(memory, () => void session.changeUser());
openJobView(store, session);
openReplsView(store, session);
openAnnouncer(store);
void session.open();
keepFresh(session);
