// The work of a worker process, without its settings, connections and ops server

export { startWork, type WorkParts, type WorkSettings } from "./work.ts";
