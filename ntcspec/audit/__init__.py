"""The audit: artifacts checked against bytes and their own words, recomputed from raw files, described for others.

Trace: `tree` with `text`, `as_json`, `layout` and `graph`; `number`. Verify: `study`, `edges`, `against_plan`,
`tables`, `outcome`. Both: `records` (what a record says of itself), `files`, `look`, `place`.
"""
