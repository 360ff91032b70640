import type { KubeObject } from "../objects/object.ts";

/** One column of `kubectl get`. `wide` columns show with `-o wide` only. */
export interface Column {
  readonly name: string;
  readonly wide?: boolean;
  value(object: KubeObject): string | number;
}

/** `5s`, `12m`, `3h`, `2d`: the age as kubectl shows it, from an RFC 3339 time. */
export function age(since: string | undefined, now = Date.now()): string {
  if (since === undefined) return "<unknown>";
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

export const nameColumn: Column = {
  name: "Name",
  value: (object) => object.metadata.name,
};

export const ageColumn: Column = {
  name: "Age",
  value: (object) => age(object.metadata.creationTimestamp),
};
