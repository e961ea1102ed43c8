{{- define "docksweep.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "docksweep.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "docksweep.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "docksweep.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "docksweep.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "docksweep.selectorLabels" -}}
app.kubernetes.io/name: {{ include "docksweep.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "docksweep.labels" -}}
{{ include "docksweep.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Empty inside of the data root: nothing can be mounted below a mount that is read-only, and its figures are the same. */}}
{{- define "docksweep.containerdRoot" -}}
{{- with .Values.engine -}}
{{- if and .containerdRoot (not (hasPrefix (printf "%s/" (trimSuffix "/" .dataRoot)) (printf "%s/" .containerdRoot))) -}}
{{- .containerdRoot -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "docksweep.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "docksweep.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "docksweep.image" -}}
{{- $name := .Values.image.repository -}}
{{- if .Values.image.registry }}{{ $name = printf "%s/%s" .Values.image.registry $name }}{{ end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "docksweep.config" -}}
{{- default (.Files.Get "files/docksweep.toml") .Values.config -}}
{{- end -}}

{{- define "docksweep.configMapName" -}}
{{- default (include "docksweep.fullname" .) .Values.existingConfigMap -}}
{{- end -}}

{{- define "docksweep.secretName" -}}
{{- if .Values.existingSecret }}{{ .Values.existingSecret }}{{ else if .Values.secret }}{{ include "docksweep.fullname" . }}{{ end -}}
{{- end -}}

{{- define "docksweep.podSecurityContext" -}}
{{- $defaults := dict "runAsUser" 0 "runAsGroup" 0 "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- if not (kindIs "invalid" .Values.engine.groupId) -}}
{{- /* The fsGroup lets it read the Secret's files, which are root's with mode 0400; it does nothing to a hostPath. */ -}}
{{- $defaults = dict "runAsUser" 65532 "runAsGroup" 65532 "runAsNonRoot" true "fsGroup" 65532 "supplementalGroups" (list (int64 .Values.engine.groupId)) "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- end -}}
{{- toYaml (mergeOverwrite $defaults .Values.securityContext) -}}
{{- end -}}

{{- define "docksweep.containerSecurityContext" -}}
{{- $defaults := dict "allowPrivilegeEscalation" false "privileged" false "readOnlyRootFilesystem" true "capabilities" (dict "drop" (list "ALL")) -}}
{{- toYaml (mergeOverwrite $defaults .Values.containerSecurityContext) -}}
{{- end -}}

{{- /* What ServiceMonitor and PodMonitor say of the endpoint. */ -}}
{{- define "docksweep.endpoint" -}}
- port: metrics
  interval: {{ .interval }}
  scrapeTimeout: {{ .scrapeTimeout }}
  scheme: {{ .scheme }}
  {{- with .tlsConfig }}
  tlsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .basicAuth }}
  basicAuth:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  relabelings:
    # Whatever nameOverride says: the alert DocksweepDown goes by the job.
    - targetLabel: job
      replacement: docksweep
    {{- with .relabelings }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
