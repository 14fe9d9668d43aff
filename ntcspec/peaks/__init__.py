"""Lines in a spectrum: shapes, fits, derived quantities, and how many lines the data support.

Shared by all techniques; knows none of them. Order of use:
1. `shapes`   line shapes of unit area and steps of unit height, with their derivatives;
2. `model`    a sum of parts (lines, steps, a straight line) with bounds, evaluated with its Jacobian;
3. `fit`      Levenberg-Marquardt within bounds, covariance, what is determined and what is not;
4. `search`   deterministic starts, so that a fit does not hang on a guess; `fit_lines` does the whole of one model;
5. `derived`  height, area, width, centroid, splitting of the lines, with propagated uncertainties;
6. `compare`  none, one, two lines: AICc, BIC, margin, and whether two lines are resolved;
7. `value`    a number on its way to becoming a metric, or why it is missing.
"""
