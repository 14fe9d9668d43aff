"""What the inputs of a report are to it. Apart, so that a plan can name them without reading anything."""

TABLE, SAMPLES, TRENDS, CLAIMS = "table of metrics", "table of samples", "trends", "claims"
METRICS, STAGE, PANEL, PICTURE, FIGURE = "metrics", "stage", "panel", "picture of a panel", "figure"
