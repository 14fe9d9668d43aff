"""Scattering paths: from a structure to FEFF, from FEFF to chi(k), and from chi(k) to shares in a lobe.

Order of use: `crystal` (CIF) or `cluster` (coordinates) -> atoms around the absorber; `feff_input` -> feff.inp;
`feff_run` -> a folder of feffNNNN.dat, from the cache where it was computed before; `feff_files` and `kinds` -> paths,
named and sorted; `path_chi` -> chi(k) of each path and its derivatives; `glass` -> the same window, Fourier transform
and wavelet as the data; `shares` -> who makes a lobe, and whether that can be decided.
"""
