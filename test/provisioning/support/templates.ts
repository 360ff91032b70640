import { fileURLToPath } from "node:url";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** A workspace without copy step, security context and requests. */
export const PLAIN_POD = fixture("plain-pod.yaml");
/** A workspace that wants more processors than any node has. */
export const HUGE_POD = fixture("huge-pod.yaml");
