"""Fits of scattering paths to EXAFS."""
