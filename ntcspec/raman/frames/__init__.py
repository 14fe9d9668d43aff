"""Stages of Raman measurements of many spectra: series and maps in blocks, from one file or from hundreds."""
