"""The configuration of a study: models of every parameter, and the way from YAML to a resolved Study."""
