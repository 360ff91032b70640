/** What the template writes where the replId goes, in values and keys alike. */
export const PLACEHOLDER = "service_name";
