"""NMR of quadrupolar nuclei under magic-angle spinning: free induction decay to shifts and distributions.

Order of the work: `raw` (files) -> `reduce` (echo, apodisation, Fourier transform, phase, reference, baseline) ->
`measure` (lines, sidebands, centres of gravity, Czjzek distribution) -> `split` (what moved from sample to sample).
Shifts in ppm, high frequency positive, drawn right to left.
"""
