"""From raw beamline files to numbers with uncertainties, figure panels and one audited HDF5 record."""

__version__ = "0.1.0"
