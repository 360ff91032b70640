/** What an operator has to look at, by the start of Redis' answer or by the code of Node's TLS or network error. */
const EXPLANATIONS: readonly (readonly [RegExp, string])[] = [
  [/^(WRONGPASS|NOAUTH)/, "Redis refuses the user or the password in REDIS_URL"],
  [/^NOPERM/, "Redis' user lacks a right (docs/operations.md lists those it needs)"],
  [
    /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT)$/,
    "Redis' certificate is not signed by an authority of REDIS_CA_PATH (unset: by one that Node trusts)",
  ],
  [/^CERT_HAS_EXPIRED$/, "Redis' certificate has expired"],
  [/^CERT_NOT_YET_VALID$/, "Redis' certificate is not valid yet"],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, "Redis' certificate was not issued for the host that REDIS_URL leads to"],
  [
    /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/,
    "Redis does not speak TLS at that port (redis, not rediss)",
  ],
];

/** What is wrong with Redis, in one sentence for the operator; the error's own message where there is nothing to add. */
export function explainRedisError(error: Error): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  const found = EXPLANATIONS.find(([pattern]) => pattern.test(code) || pattern.test(error.message));
  return found === undefined ? error.message : `${found[1]}: ${error.message}`;
}
