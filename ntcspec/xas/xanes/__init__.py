"""The technique xanes: normalised spectra that can be compared, and what is read from them."""
