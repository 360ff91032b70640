// Objects, kinds and subjects

export { classify } from "./classify.ts";
// Calls
export { createKubeClient, type KubeClientOptions } from "./client.ts";
export type {
  CallOptions,
  CallRecord,
  ClientStats,
  KubeClient,
  ListOptions,
  PatchOptions,
  RemoveOptions,
  Selection,
  ServerVersion,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./client-types.ts";

// Credentials
export { loadCredentials } from "./credentials.ts";
export { CredentialsError } from "./credentials-error.ts";
export type {
  Access,
  CredentialSource,
  Credentials,
  Environment,
  TlsMaterial,
} from "./credentials-types.ts";
export {
  type ErrorClass,
  type ErrorFacts,
  isWrite,
  type Sent,
  type Verb,
  type Verdict,
} from "./error-class.ts";
export type { ErrorPattern, ErrorRow } from "./error-row.ts";
export { ERROR_TABLE } from "./error-table.ts";
export {
  KINDS,
  type KindName,
  type KindRef,
  type KindRow,
  kindRow,
} from "./kinds.ts";
// Errors and retries
export { KubeError } from "./kube-error.ts";
export {
  isTerminating,
  type KubeList,
  type KubeMeta,
  type KubeObject,
  type OwnerReference,
  type StatusBody,
  type StatusCause,
} from "./kube-object.ts";
// The shared watch
export { createReflector } from "./reflector.ts";
export type {
  Change,
  ObjectStore,
  Reflector,
  ReflectorOptions,
  ReflectorStats,
} from "./reflector-types.ts";
export {
  nextDelay,
  RETRY_POLICY,
  type RetryOptions,
  type RetryPolicy,
  withRetry,
} from "./retry.ts";
export {
  collectionPath,
  type ResourceRef,
  refOf,
  resourcePath,
  subjectOf,
} from "./subject.ts";
