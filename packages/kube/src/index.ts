// Objects, kinds and subjects

export { KINDS, type KindName, type KindRef } from "./kinds.ts";
export { isTerminating, type KubeObject } from "./kube-object.ts";
export { type ResourceRef, refOf, resourcePath, subjectOf } from "./subject.ts";

// Credentials

export { loadCredentials } from "./credentials.ts";
export { CredentialsError } from "./credentials-error.ts";

// Calls

export { createKubeClient } from "./client.ts";
export type { CallRecord, KubeClient, ListOptions, RequestObserver } from "./client-types.ts";
export type { Connections } from "./connections.ts";

// Errors and retries

export { KubeError } from "./kube-error.ts";
export { type RetryOptions, withRetry } from "./retry.ts";

// The shared watch

export { createReflector } from "./reflector.ts";
export type { ReflectorStats } from "./reflector-types.ts";
