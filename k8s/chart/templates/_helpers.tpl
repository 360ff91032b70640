{{- define "image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{- /*
What the manifests rely on, and what the operator chose. The ConfigMaps of it keep their names: one with a hash of its content in its name
would be deleted by Helm before the new pods are ready, and an old pod that restarts until then would not find its own.
*/ -}}
{{- define "api-settings" -}}
HOST: {{ .Values.listenAddress | quote }}
OPS_HOST: {{ .Values.listenAddress | quote }}
{{- range $name, $value := .Values.api.settings }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "worker-settings" -}}
OPS_HOST: {{ .Values.listenAddress | quote }}
NAMESPACE: {{ .Values.replNamespace.name | quote }}
TEMPLATE_PATH: /etc/repl-orchestrator/service.yaml
{{- with .Values.perUserNamespaces }}{{ if .enabled }}
NAMESPACE_MODE: per-user
USER_NAMESPACE_PREFIX: {{ .prefix | quote }}
USER_NAMESPACE_TEMPLATE_PATH: /etc/user-namespaces/template/user-namespace.yaml
{{- if .secrets }}
USER_NAMESPACE_SECRETS_PATH: /etc/user-namespaces/secrets
{{- end }}
{{- end }}{{ end }}
{{- range $name, $value := .Values.worker.settings }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "fallback-replicas" -}}
{{- with .Values.worker.autoscaling -}}
{{ min (max (int .fallbackReplicas) (int .minReplicas)) (int .maxReplicas) }}
{{- end -}}
{{- end -}}

{{- define "template" -}}
{{ .Values.template | default (.Files.Get "files/service.yaml") }}
{{- end -}}

{{- /* As a list in CEL. */ -}}
{{- define "host-suffixes" -}}
['{{ join "', '" .Values.admission.hostSuffixes }}']
{{- end -}}

{{- define "user-namespace" -}}
{{ .Values.perUserNamespaces.template | default (.Files.Get "files/user-namespace.yaml") }}
{{- end -}}

{{- /* Of every object (kubernetes.io, "Recommended Labels"). Selectors name the first alone: they cannot be changed later. */ -}}
{{- define "labels" -}}
app.kubernetes.io/name: repl-orchestrator
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- /* Prefixes of the namespaces in which repls of users may be, those in use no longer included; as JSON. */ -}}
{{- define "users-prefixes" -}}
{{- with .Values.perUserNamespaces -}}
{{ concat (ternary (list .prefix) list .enabled) .formerPrefixes | uniq | toJson }}
{{- end -}}
{{- end -}}

{{- /* What the worker does where repls are: in one namespace, or in those of all users. */ -}}
{{- define "worker-rules" -}}
- apiGroups: [apps]
  resources: [deployments]
  verbs: [create, get, list, watch, update, delete]
- apiGroups: [""]
  resources: [services]
  verbs: [create, get, list, update, delete]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [create, get, list, update, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [events]
  verbs: [list]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list]
{{- end -}}
