/** What a server answers that is not, or no longer, the primary of the keys' slot. */
const WRONG_SERVER = ["READONLY", "MOVED", "MASTERDOWN"];

/**
 * Answers that tell of Redis' state, not of the command: loading its data, a slot on its way or unserved, too few
 * replicas, memory or disk used up. They come before a script's first write, so a refused script changed nothing.
 */
const STATE = ["LOADING", "ASK", "TRYAGAIN", "CLUSTERDOWN", "NOREPLICAS", "OOM", "MISCONF", "BUSY"];

/** Redis before 7 puts the answer to a script's command into a sentence: `ERR Error running script (…): -READONLY …`. */
const answers = (words: readonly string[]) => new RegExp(`(^|: -)(${words.join("|")})\\b`);
const IS_WRONG_SERVER = answers(WRONG_SERVER);
const IS_REFUSAL = answers([...WRONG_SERVER, ...STATE]);

/** Whether another server has to be asked. */
export function isWrongServer({ message }: Error): boolean {
  return IS_WRONG_SERVER.test(message);
}

/** Whether Redis refused a command for its own state, so that the same command may succeed later or elsewhere. */
export function isRefusal({ message }: Error): boolean {
  return IS_REFUSAL.test(message);
}
