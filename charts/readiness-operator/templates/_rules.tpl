{{- /*
Everything that the operator may do, in three parts, so that a namespace gets no more than it needs. The same rules stand
in deploy/rbac/cluster-role.yaml, and a test compares them. There is no verb on Secrets and no wildcard.
*/ -}}

{{- /* In each namespace whose reviews are judged. `get` stands where objects are fetched by name. */ -}}
{{- define "readiness-operator.rules.namespaced" -}}
# Its own kinds.
- apiGroups: [readiness.dev]
  resources: [readinessreviews]
  verbs: [get, list, watch]
- apiGroups: [readiness.dev]
  resources: [readinessreviews/status]
  verbs: [update]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
# Workloads, and what they are made of.
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [replicasets, controllerrevisions]
  verbs: [get, list, watch]
- apiGroups: [batch]
  resources: [cronjobs, jobs]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods, configmaps]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [list, watch]
# What stands behind Secrets.
- apiGroups: [external-secrets.io]
  resources: [externalsecrets, secretstores]
  verbs: [list, watch]
- apiGroups: [cert-manager.io]
  resources: [certificates]
  verbs: [list, watch]
- apiGroups: [bitnami.com]
  resources: [sealedsecrets]
  verbs: [list, watch]
# Proofs of backups.
- apiGroups: [snapshot.storage.k8s.io]
  resources: [volumesnapshots]
  verbs: [list, watch]
{{- end -}}

{{- /* In namespaces that hold proofs about others (settings.evidenceNamespaces). */ -}}
{{- define "readiness-operator.rules.elsewhere" -}}
- apiGroups: [velero.io]
  resources: [backups, backupstoragelocations, podvolumebackups, datauploads]
  verbs: [list, watch]
{{- end -}}

{{- /* Evidence that has no namespace. */ -}}
{{- define "readiness-operator.rules.cluster" -}}
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [list, watch]
- apiGroups: [external-secrets.io]
  resources: [clustersecretstores]
  verbs: [list, watch]
- apiGroups: [snapshot.storage.k8s.io]
  resources: [volumesnapshotcontents]
  verbs: [list, watch]
{{- end -}}
