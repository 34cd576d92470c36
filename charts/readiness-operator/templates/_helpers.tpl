{{- define "readiness-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "readiness-operator.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "readiness-operator.labels" -}}
{{ include "readiness-operator.selector" . }}
app.kubernetes.io/part-of: readiness-operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "readiness-operator.account" -}}
{{- default (ternary (include "readiness-operator.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "readiness-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "readiness-operator.settings" -}}
{{ toYaml .Values.settings }}
{{- end -}}

{{- define "readiness-operator.port" -}}
{{- default 8080 .Values.settings.listenPort | int -}}
{{- end -}}

{{- /* Where reviews are judged: sorted, each once; nothing where it is everywhere. As JSON. */ -}}
{{- define "readiness-operator.watched" -}}
{{- default list .Values.settings.watchNamespaces | uniq | sortAlpha | toJson -}}
{{- end -}}

{{- /* A binding's subjects: the operator's account, wherever the binding stands. */ -}}
{{- define "readiness-operator.subjects" -}}
subjects:
- kind: ServiceAccount
  name: {{ include "readiness-operator.account" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}
