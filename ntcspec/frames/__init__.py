"""What techniques share where a measurement holds many spectra: coordinates, and what a series says as a whole."""
