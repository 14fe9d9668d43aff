"""The audit: what artifacts say of themselves, checked against bytes, recomputed from raw files, described for others."""
