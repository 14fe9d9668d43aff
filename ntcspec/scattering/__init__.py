"""Total scattering: detector images or I(Q) to G(r) with its covariance.

Order of the work: `raw` (files) -> `reduce` (I(Q) of the sample, its container and the air) -> `transform` (S(Q), F(Q),
G(r) and what noise makes of them) -> `measure` (distances, areas, mid-range order).
"""
