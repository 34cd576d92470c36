"""What of charts/readiness-operator is generated: the schema of its values, its README, its copy of the CRDs."""
