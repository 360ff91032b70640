/** The job to pick up after a reload. */
interface RememberedJob {
  readonly jobId: string;
  /** By this browser's clock, in ms since 1970. */
  readonly startedAtMs: number;
}

/** What outlives a reload. */
export interface Memory {
  userId: string;
  /** Ends with the tab, since it is a secret. */
  token: string;
  job: RememberedJob | undefined;
}

const PREFIX = "repl-orchestrator.";

/** Reads and writes the browser's storage; where that is switched off, everything lasts as long as the page. */
export function openMemory(): Memory {
  const lasting = itemsOf(() => localStorage);
  const ofTab = itemsOf(() => sessionStorage);
  return {
    get userId() {
      return lasting.get("user");
    },
    set userId(userId) {
      lasting.set("user", userId);
    },
    get token() {
      return ofTab.get("token");
    },
    set token(token) {
      ofTab.set("token", token);
    },
    get job() {
      return parseJob(ofTab.get("job") || lasting.get("job"));
    },
    set job(job) {
      const text = job === undefined ? "" : JSON.stringify(job);
      ofTab.set("job", text);
      lasting.set("job", text);
    },
  };
}

interface Items {
  get(name: string): string;
  set(name: string, value: string): void;
}

function itemsOf(storage: () => Storage): Items {
  const inPage = new Map<string, string>();
  return {
    get(name) {
      try {
        return inPage.get(name) ?? storage().getItem(PREFIX + name) ?? "";
      } catch {
        return "";
      }
    },
    set(name, value) {
      inPage.set(name, value);
      try {
        storage().setItem(PREFIX + name, value);
      } catch {
        // The page goes on without it.
      }
    },
  };
}

function parseJob(text: string): RememberedJob | undefined {
  try {
    const { jobId, startedAtMs } = JSON.parse(text) as Partial<RememberedJob>;
    return typeof jobId === "string" && typeof startedAtMs === "number" ? { jobId, startedAtMs } : undefined;
  } catch {
    return undefined;
  }
}
