"""Stages of measurements whose scans are spectra of their own: the numbers of a single one, for all at once."""
