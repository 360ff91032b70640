import type { KubeObject } from "../objects/object.ts";

/** One committed change. `previous` is what was there before it. */
export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resource: string;
  readonly revision: number;
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

/** The changes still kept, oldest first: what a watch can start from. */
export interface Journal {
  /** Changes after this revision are all kept; an older start is "too old". */
  readonly floor: number;
  append(change: Change): void;
  /** Changes of one resource after a revision. */
  since(resource: string, revision: number): readonly Change[];
  /** Forgets everything up to a revision, as a compaction does. */
  forget(upTo: number): void;
}

/** Keeps the last `limit` changes. */
export function createJournal(limit: number): Journal {
  let kept: Change[] = [];
  let floor = 0;
  const trim = (count: number): void => {
    floor = Math.max(floor, kept[count - 1]?.revision ?? floor);
    kept = kept.slice(count);
  };
  return {
    get floor() {
      return floor;
    },
    append(change) {
      kept.push(change);
      if (kept.length > limit * 2) trim(kept.length - limit);
    },
    since(resource, revision) {
      const after = kept.findLastIndex((change) => change.revision <= revision);
      return kept.slice(after + 1).filter((change) => change.resource === resource);
    },
    forget(upTo) {
      trim(kept.findLastIndex((change) => change.revision <= upTo) + 1);
      floor = Math.max(floor, upTo);
    },
  };
}
