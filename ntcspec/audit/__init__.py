"""The audit: what an artifact says of itself, checked against bytes and recomputed from raw files."""
