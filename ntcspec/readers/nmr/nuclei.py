"""Nuclei: their names, and their frequencies on the unified scale.

Xi: frequency of the reference compound of a nucleus in a field in which the protons of tetramethylsilane (1 %, in
CDCl3) resonate at exactly 100 MHz, in per cent of theirs. The reference of 23Na is 0.1 M NaCl in D2O at infinite
dilution. Source: R. K. Harris et al., Pure Appl. Chem. 73, 1795 (2001), table 1; confirmed 80, 59 (2008).
"""

from __future__ import annotations

import re

XI_PERCENT = {
    "1H": 100.0, "2H": 15.350609, "6Li": 14.716086, "7Li": 38.863797, "10B": 10.743658, "11B": 32.083974,
    "13C": 25.145020, "14N": 7.226317, "15N": 10.136767, "17O": 13.556457, "19F": 94.094011, "23Na": 26.451900,
    "25Mg": 6.121635, "27Al": 26.056859, "29Si": 19.867187, "31P": 40.480742, "33S": 7.676000, "35Cl": 9.797909,
    "37Cl": 8.155725, "39K": 4.666373, "43Ca": 6.730029, "45Sc": 24.291747, "51V": 26.302948, "59Co": 23.727074,
    "63Cu": 26.515473, "65Cu": 28.403693, "67Zn": 6.256803, "69Ga": 24.001354, "71Ga": 30.496704, "77Se": 19.071513,
    "79Br": 25.053980, "81Br": 27.006518, "85Rb": 9.654943, "87Rb": 32.720454, "89Y": 4.900198, "93Nb": 24.476170,
    "95Mo": 6.516926, "113Cd": 22.193175, "119Sn": 37.290632, "125Te": 31.549769, "127I": 20.007486,
    "129Xe": 27.810186, "133Cs": 13.116142, "139La": 14.125641, "181Ta": 11.989600, "183W": 4.166387,
    "195Pt": 21.496784, "199Hg": 17.910822, "207Pb": 20.920599,
}  # fmt: skip
WITHIN = 2e-4  # relative; shifts of a nucleus reach 1000 ppm for few, next neighbours in this table lie 6e-3 apart


def nucleus_of(words: str) -> str:
    """'23Na' for '23Na', '^23NA', 'Na23', 'na-23', '<23Na>'; '' where the words name no nucleus."""
    plain = words.strip().strip("<>\"' ")
    match = re.fullmatch(r"\^?(\d{1,3})-?([A-Za-z]{1,2})|([A-Za-z]{1,2})-?(\d{1,3})", plain)
    if match is None:
        return ""
    mass, symbol = (match[1], match[2]) if match[1] else (match[4], match[3])
    return f"{int(mass)}{symbol.capitalize()}"


def nucleus_by_ratio(observed_mhz: float, proton_mhz: float) -> str:
    """The one nucleus whose Xi is the ratio of two frequencies of one spectrometer, within 0.02 %; '' otherwise."""
    if not (observed_mhz > 0 and proton_mhz > 0):
        return ""
    percent = 100.0 * observed_mhz / proton_mhz
    found = [name for name, xi in XI_PERCENT.items() if abs(percent / xi - 1.0) < WITHIN]
    return found[0] if len(found) == 1 else ""
