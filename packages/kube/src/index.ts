// Objects, kinds and subjects

export { KINDS, type KindName, type KindRef } from "./kinds.ts";
export { isTerminating, type KubeObject } from "./kube-object.ts";
export { shortened } from "./shortened.ts";
export { type ResourceRef, refOf, resourcePath, subjectOf } from "./subject.ts";

// Credentials

export { loadCredentials } from "./credentials/credentials.ts";
export { CredentialsError } from "./credentials/credentials-error.ts";

// Calls

export { createKubeClient } from "./client.ts";
export type { CallRecord, KubeClient, RequestObserver, Selection, Transform } from "./client-types.ts";
export type { Connections } from "./transport/connections.ts";

// Errors and retries

export { KubeError } from "./errors/kube-error.ts";
export { type RetryOptions, withRetry } from "./errors/retry.ts";

// The shared watch

export { createReflector } from "./watch/reflector.ts";
export type { ReflectorStats } from "./watch/reflector-types.ts";
