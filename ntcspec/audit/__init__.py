"""The audit: artifacts checked against bytes and their own words, recomputed from raw files, described for others."""
