import Type, { type Static } from "typebox";

/** Characters that a {@link ReplId} has at most. */
export const LONGEST_REPL_ID = 50;

/**
 * Name of a repl. It becomes a Service name, a label value and the first label of a host name, so it follows
 * RFC 1035 labels; 50 characters leave room for suffixes such as `-ingress` within the 63 of a DNS label.
 */
export const ReplId = Type.String({
  pattern: `^[a-z]([a-z0-9-]{0,${LONGEST_REPL_ID - 2}}[a-z0-9])?$`,
  maxLength: LONGEST_REPL_ID,
  description: "Lower-case letters, digits and inner hyphens, starting with a letter; at most 50 characters.",
  examples: ["repl123"],
});
/** {@inheritDoc ReplId} */
export type ReplId = Static<typeof ReplId>;

/** Who owns a repl: an identity provider's subject, an e-mail address or any other printable ASCII without spaces. */
export const UserId = Type.String({
  pattern: "^[!-~]{1,128}$",
  maxLength: 128,
  description: "1 to 128 printable ASCII characters without spaces.",
  examples: ["auth0|5f7c8ec7c33c6c004bbafe82"],
});
/** {@inheritDoc UserId} */
export type UserId = Static<typeof UserId>;

/** The user of requests that name none, where the service runs without authentication. */
export const ANONYMOUS_USER: UserId = "anonymous";

/** The repl a job is about, with the generation of the intent that the job serves. */
export interface Repl {
  readonly replId: ReplId;
  readonly userId: UserId;
  /** Grows by one with every change of the intent; stamped on every resource. */
  readonly generation: number;
}
