// Template

export { parseTemplate, type Template } from "./template/parse.ts";
export { TemplateError, type TemplateProblem } from "./template/template-error.ts";

// Render and plan

export { KIND_RULES, type KindRule, type Wave } from "./kinds.ts";
export { LABELS, labelsOf, MANAGED_BY, MANIFEST_HASH, OURS, userLabel } from "./labels.ts";
export { ownedBy, type Plan, plan } from "./plan/plan.ts";
export { type Manifest, render } from "./render/render.ts";
export { urlsOf } from "./render/urls.ts";

// Apply and stop

export { type Applied, apply } from "./apply/apply.ts";
export type { Patience } from "./apply/apply-manifest.ts";
export { type Change, type ChangeSet, toResourceStatuses } from "./apply/change.ts";
export { type Decision, decide } from "./apply/decide.ts";
export type { Attempt } from "./attempt.ts";
export { stop } from "./stop/stop.ts";

// Sweep

export { compare, type Finding, type FoundResource, type Situation } from "./sweep/compare.ts";
export { listResources } from "./sweep/list-resources.ts";

// Wait

export { type ClusterView, type ClusterViewOptions, openClusterView } from "./wait/cluster-view.ts";
export { type Dossier, gatherDossier } from "./wait/dossier.ts";
export { type PodState, readPod } from "./wait/pod.ts";
export { DEFAULT_GRACES, type Graces, type Signal, signalsOf } from "./wait/signal.ts";
export { type AnsweringOptions, type ReadyCheck, waitUntilAnswering } from "./wait/wait-until-answering.ts";
export { type ReadyOptions, waitUntilReady } from "./wait/wait-until-ready.ts";
export { type Complaint, readWorkload, type WorkloadState } from "./wait/workload.ts";
