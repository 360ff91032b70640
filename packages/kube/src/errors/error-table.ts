import type { ErrorRow } from "./error-row.ts";
import { CONFLICT_ROWS } from "./error-table-conflicts.ts";
import { CLIENT_ROWS, LAST_ROWS, NETWORK_ROWS } from "./error-table-network.ts";
import { ADMISSION_ROWS, REFUSAL_ROWS } from "./error-table-refusals.ts";
import { SERVER_ROWS } from "./error-table-server.ts";

/**
 * Every failure we know, most telling first; the first match decides. Gathered from the answers of a real
 * kube-apiserver 1.35.4 and, where those could not be provoked, from its source (k8s.io/apiserver, k8s.io/apimachinery).
 */
export const ERROR_TABLE: readonly ErrorRow[] = [
  ...CLIENT_ROWS,
  ...ADMISSION_ROWS,
  ...CONFLICT_ROWS,
  ...REFUSAL_ROWS,
  ...SERVER_ROWS,
  ...NETWORK_ROWS,
  ...LAST_ROWS,
];
