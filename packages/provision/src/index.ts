// Template

export { parseTemplate, parseUserNamespace, type Template } from "./template/parse.ts";
export { TemplateError } from "./template/template-error.ts";

// Render and plan

export { KIND_RULES } from "./kinds.ts";
export { LABELS, MANAGED_BY, MANIFEST_HASH, userNamespace } from "./labels.ts";
export { plan } from "./plan/plan.ts";
export { render } from "./render/render.ts";
export { urlsOf } from "./render/urls.ts";

// Homes

export { type Homes, sharedHome } from "./home/homes.ts";
export { type Reach, reachOf } from "./home/reach.ts";
export { strayManifests } from "./home/stray-manifests.ts";
export { type UserHomes, userHomes } from "./home/user-homes.ts";
export type { SecretsPlace, UserSecrets } from "./home/user-secrets.ts";

// Apply and stop

export { apply } from "./apply/apply.ts";
export type { Patience } from "./apply/apply-manifest.ts";
export { applyUserNamespace } from "./apply/apply-user-namespace.ts";
export { toResourceStatuses } from "./apply/change.ts";
export type { Attempt } from "./attempt.ts";
export { explain } from "./explain.ts";
export { stop } from "./stop/stop.ts";

// Sweep

export { compare, type Finding, type FoundResource } from "./sweep/compare.ts";
export { compareUserNamespaces, type NamespaceFinding, userPlaces } from "./sweep/compare-user-namespaces.ts";
export { listResources, listUserResources } from "./sweep/list-resources.ts";
export { wantedResources } from "./sweep/wanted-resources.ts";

// Wait

export { type ClusterView, openClusterView, type WatchState } from "./wait/cluster-view.ts";
export { type Dossier, gatherDossier } from "./wait/dossier.ts";
export { DEFAULT_GRACES, type Graces } from "./wait/signal.ts";
export { type AnsweringOptions, waitUntilAnswering } from "./wait/wait-until-answering.ts";
export { waitUntilReady } from "./wait/wait-until-ready.ts";
