"""Athena project files (.prj), gzip or plain: the perl flavour of Athena and Demeter, and the JSON flavour.

    # Athena project file -- Demeter version 0.9.26        {"_____header1": "# Athena project file -- ..",
    $old_group = 'jimwk';                                   "fens_003": {
    @args = ('bkg_e0','22118.8','label','Ru foil', ..);       "args": {"bkg_e0": "8338.493", ..},
    @x = ('21912.253', ..);                                   "x": ["8227.98", ..],
    @y = ('-0.0564', ..);                                     "y": ["10026.0", ..] },
    [record]                                                "_____order": ["fens_003", ..]}

The perl is read as data, never run. x is the energy in eV without `bkg_eshift`, which is added here; y is mu as
Athena made it from the raw counts. What Athena has fitted stays in the header, for comparison: nothing of it is used.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ntcspec.errors import UserError
from ntcspec.readers import axis
from ntcspec.readers.build import Draft, build_scan
from ntcspec.readers.roles import ColumnSpec, Pick, Roles
from ntcspec.readers.table import Table, is_number, numbers_of, to_number
from ntcspec.readers.text import LARGEST, TextFile, shorten, storable
from ntcspec.types import Array, Note
from ntcspec.types.xas import XasScan

NAME = "athena"
GZIP = b"\x1f\x8b"
TITLE = "# Athena project file --"
ARRAYS = ("x", "y", "i0", "signal", "stddev")
COLUMNS = {"x": "x", "y": "mu", "i0": "i0", "signal": "signal", "stddev": "stddev"}
DEEPEST = 8
_RESAVE = "open it in Athena and save it again, or export the group as text"
_STATEMENT = re.compile(r"^[ \t]*(?:([$@%])(\w+)[ \t]*=|(\[record\]))", re.MULTILINE)
_TOKEN = re.compile(
    r"""\s*(?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<bare>[\w.+-]+)|(?P<mark>=>|[,;()\[\]{}]))""",
    re.DOTALL,
)
_FLAT = re.compile(r"\s*+\(((?:\s*+'[^'\\]*+'\s*+,?+)*+)\s*+\)\s*+;")  # ('1', '2', ..); as most lists are
_QUOTED = re.compile(r"'([^']*)'")
_OPEN, _CLOSE = {"(": ")", "[": "]", "{": "}"}, frozenset(")]}")


@dataclass(frozen=True)
class Group:
    """One record of a project. `line` is where it begins."""

    name: str
    line: int
    args: Mapping[str, str] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The label as Athena shows it, or the name of the group where it has none."""
        return self.args.get("label", "").strip() or self.name

    def number(self, key: str) -> float | None:
        """A parameter as a number; None if it is missing or none."""
        words = self.args.get(key, "").strip()
        return to_number(words) if is_number(words) else None


def unpack(content: bytes, source: str) -> bytes:
    """The text of a gzip file that holds an Athena project; other content as it is.

    Raises
    ------
    UserError
        Damaged, no Athena project, or larger than 200 MB when unpacked.
    """
    if not content.startswith(GZIP):
        return content
    what = "this is a gzip file, not a text file, and no Athena project is in it"
    unzip = zlib.decompressobj(wbits=31)
    try:
        start = unzip.decompress(content, 4096)
        if TITLE.encode() not in start:
            raise UserError(source, what, "unpack it and give the raw file in it")
        rest = unzip.decompress(unzip.unconsumed_tail, LARGEST)
    except zlib.error as error:
        raise UserError(source, f"this gzip file is damaged, and no text file: {error}", "copy it again") from None
    if unzip.unconsumed_tail:
        raise UserError(source, f"this gzip file holds more than {LARGEST // 1_000_000} MB", "no project is as large")
    if not unzip.eof:
        raise UserError(source, "this gzip file is cut off: its end is missing", "copy it again")
    return start + rest


def recognise(file: TextFile) -> str:
    """The title line, quoted; '' if none of the first lines is one."""
    for number, words in enumerate(file.lines[:8], 1):
        if words.lstrip().startswith(TITLE) or (TITLE in words and '"_____header' in words):
            return file.quote(number)
    return ""


def names(file: TextFile) -> tuple[str, ...]:
    """Labels of the groups, a number behind those that have occurred before."""
    return tuple(_labelled(groups_of(file)))


def read(file: TextFile, evidence: str, spec: ColumnSpec | None = None, name: str = "") -> XasScan:
    """Read the group labelled `name`; the first where no name is given.

    Raises
    ------
    UserError
        The project is damaged, or the group holds no mu(E).
    """
    groups = groups_of(file)
    labelled = _labelled(groups)
    group = labelled[name] if name else groups[0]
    where = f"{file.source}::{name}" if len(groups) > 1 and name else file.source
    _refuse_others(where, group)
    table, columns, units, shift = _table(where, group)
    energy = len(columns) - 1 if columns[-1] == "energy" else 0
    mode, why = _mode(group)
    told = f"group {group.name!r}, line {group.line}"
    picked = Pick(1, f"{told}: y is mu as Athena stored it, {why}")
    roles = Roles(energy=Pick(energy, f"{told}: x{shift}"), mu={mode: picked})
    header = _header(file, group)
    draft = Draft(
        file=replace(file, source=where, lines=header),
        format=NAME,
        evidence=evidence,
        header_end=len(header),
        table=table,
        names=columns,
        units=units,
        roles=roles,
        notes=_notes(group, groups),
    )
    return build_scan(draft, spec)


# --- what a project holds ---------------------------------------------------------------------


@lru_cache(maxsize=1)  # names() and read() of the same file follow each other
def groups_of(file: TextFile) -> tuple[Group, ...]:
    """The groups of a project of either flavour.

    Raises
    ------
    UserError
        Damaged, or without a group.
    """
    groups = _json_groups(file) if file.lines[0].lstrip().startswith("{") else _perl_groups(file)
    if not groups:
        raise UserError(file.source, "this Athena project holds no group", "is the file complete?")
    return tuple(groups)


def _labelled(groups: Sequence[Group]) -> dict[str, Group]:
    found: dict[str, Group] = {}
    for group in groups:
        name, number = group.label, 1
        while name in found:
            number += 1
            name = f"{group.label} ({number})"
        found[name] = group
    return found


def _json_groups(file: TextFile) -> list[Group]:
    try:
        data = json.loads("\n".join(file.lines), parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise UserError(file.source, f"this Athena project is no sound JSON: {shorten(str(error))}", _RESAVE) from None
    listed = data.get("_____order")
    order = listed if isinstance(listed, list) else [key for key in data if not key.startswith("_____")]
    starts = {words.split('"')[1]: n for n, words in enumerate(file.lines, 1) if words.lstrip().startswith('"')}
    groups = []
    for name in map(_words, order):
        record, line = data.get(name), starts.get(name, 1)
        if not isinstance(record, dict):
            raise UserError(file.source, f"the group {name!r} of its list is missing", _RESAVE)
        args = record.get("args")
        said = {_words(k): _words(v) for k, v in args.items()} if isinstance(args, dict) else {}
        arrays = {k: _array(file, line, k, record[k]) for k in ARRAYS if isinstance(record.get(k), list) and record[k]}
        groups.append(Group(name, line, said, arrays))
    return groups


def _perl_groups(file: TextFile) -> list[Group]:
    """Statements one after another; what is not of a group (journal, plot features) is passed over."""
    text = "\n".join(file.lines)
    groups: list[Group] = []
    name, line, args, arrays = "", 0, dict[str, str](), dict[str, Array]()
    position, counted = 0, 0
    number = 1
    while statement := _STATEMENT.search(text, position):
        number += text.count("\n", counted, statement.start())
        counted = statement.start()
        position = statement.end()
        key = statement.group(2)
        if statement.group(3):
            groups.append(Group(name, line, args, arrays))
            name, args, arrays = "", {}, {}
        elif key in ("old_group", "args", *ARRAYS):
            value, position = _value(file, text, position, number)
            line = line if name else number
            if key == "old_group":
                name, line = _words(value), number
            elif key == "args":
                args = _pairs(file, number, value)
            else:
                arrays[key] = _array(file, number, key, value)
    if arrays:
        raise UserError(file.at(line), f"the group {name!r} has no end: the file is cut off", "copy it again")
    return groups


def _value(file: TextFile, text: str, position: int, line: int) -> tuple[Any, int]:
    """A perl scalar or list up to ';', as str and list. Hashes become lists as well."""
    flat = _FLAT.match(text, position)
    if flat:
        return _QUOTED.findall(flat.group(1)), flat.end()
    stack: list[tuple[str, list[Any]]] = [("", [])]
    while token := _TOKEN.match(text, position):
        position = token.end()
        mark = token.group("mark")
        if mark is None:
            stack[-1][1].append(_scalar(token))
        elif mark == ";":
            break
        elif mark in _OPEN:
            stack.append((_OPEN[mark], []))
            if len(stack) > DEEPEST:
                raise UserError(file.at(line), "lists in lists in lists: this is no project of Athena", _RESAVE)
        elif mark in _CLOSE:
            wanted, closed = stack.pop()
            if wanted != mark or not stack:
                raise UserError(file.at(line), f"{mark!r} closes no list", _RESAVE)
            stack[-1][1].append(closed)
    else:
        raise UserError(file.at(line), "a statement without its end: is the file cut off?", "copy it again")
    if len(stack) != 1 or len(stack[0][1]) != 1:
        raise UserError(file.at(line), "a list without its end: is the file cut off?", "copy it again")
    return stack[0][1][0], position


def _scalar(token: re.Match[str]) -> str:
    """Text of a perl scalar: \\' and \\\\ in single quotes, \\x{e9} in double ones."""
    single, double = token.group("single"), token.group("double")
    if single is not None:
        return re.sub(r"\\([\\'])", r"\1", single) if "\\" in single else single
    if double is not None:
        return re.sub(r"\\(?:x\{([0-9A-Fa-f]{1,5})\}|(.))", _escape, double, flags=re.DOTALL)
    bare: str = token.group("bare")
    return "" if bare == "undef" else bare


def _escape(found: re.Match[str]) -> str:
    if found.group(1):
        return chr(int(found.group(1), 16))
    return {"n": "\n", "t": "\t"}.get(found.group(2), found.group(2))


def _pairs(file: TextFile, line: int, value: Any) -> dict[str, str]:
    if not isinstance(value, list) or len(value) % 2:
        raise UserError(file.at(line), "@args is no list of keys and values", _RESAVE)
    return {_words(key): _words(said) for key, said in zip(value[::2], value[1::2], strict=True)}


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(_words(v) for v in value)
    return "" if value is None else storable(str(value))


def _array(file: TextFile, line: int, key: str, value: Any) -> Array:
    items = value if isinstance(value, list) else [value]
    fast = numbers_of(items) if all(isinstance(item, str) for item in items) else None
    if fast is not None:
        return fast
    for index, item in enumerate(items, 1):
        if not isinstance(item, str) or not is_number(item):
            raise UserError(file.at(line), f"{key}, point {index}: {shorten(_words(item), 40)!r} is no number", _RESAVE)
    return np.array([to_number(item) for item in items], dtype=np.float64)


# --- one group as a scan ----------------------------------------------------------------------


def _refuse_others(where: str, group: Group) -> None:
    kind = group.args.get("recordtype", "")
    if group.number("is_chi") or "chi" in kind or (kind == "" and group.number("is_xmu") == 0):
        raise UserError(where, "this group holds chi(k) or another result, not mu(E)", "select a group with mu(E)")
    if group.number("is_pixel"):
        raise UserError(where, "the axis of this group is in pixels", "calibrate it in Athena and save it again")
    for key in ("x", "y"):
        if key not in group.arrays:
            raise UserError(where, f"this group has no {key}", _RESAVE)
    sizes = {key: array.size for key, array in group.arrays.items()}
    if sizes["x"] != sizes["y"]:
        raise UserError(where, f"x has {sizes['x']} points, y has {sizes['y']}", _RESAVE)


def _table(where: str, group: Group) -> tuple[Table, tuple[str, ...], tuple[str, ...], str]:
    """Arrays as columns, x + bkg_eshift behind them where there is a shift, and the words for it."""
    x = group.arrays["x"]
    kept = {key: group.arrays[key] for key in ARRAYS if key in group.arrays and group.arrays[key].size == x.size}
    finite = x[np.isfinite(x)]
    kev = bool(group.number("is_kev")) and finite.size > 0 and finite.max() < axis.KEV_BELOW
    unit = "keV" if kev else "eV"
    columns, values = [COLUMNS[key] for key in kept], list(kept.values())
    units = [unit if key == "x" else "" for key in kept]
    shift, words = group.number("bkg_eshift") or 0.0, ""
    if not np.isfinite(shift) or abs(shift) > 1000:
        raise UserError(where, f"bkg_eshift is {shift} eV: this is no shift of an energy axis", _RESAVE)
    if shift:
        columns.append("energy")
        units.append(unit)
        values.append(x + (shift / 1000.0 if kev else shift))
        words = f" + bkg_eshift, {shift:g} eV"
    table = Table(np.column_stack(values), np.arange(1, x.size + 1, dtype=np.int64), ())
    return table, tuple(columns), tuple(units), words


def _mode(group: Group) -> tuple[str, str]:
    """Transmission or fluorescence, and what says so."""
    numerator, denominator = group.args.get("numerator", ""), group.args.get("denominator", "")
    if group.number("is_col") and group.number("ln") is not None:
        how = f"made from columns {numerator} and {denominator}"
        return ("transmission", f"ln = 1, {how}") if group.number("ln") else ("fluorescence", f"ln = 0, {how}")
    return "transmission", "which does not say how it was measured: taken as transmission"


def _notes(group: Group, groups: Sequence[Group]) -> tuple[Note, ...]:
    notes = ["rows are counted by point: the project has an array on one line"]
    stored = [
        ("e0", "bkg_e0", " eV"),
        ("edge step", "bkg_step", ""),
        ("fitted step", "bkg_fitted_step", ""),
        ("pre1", "bkg_pre1", " eV"),
        ("pre2", "bkg_pre2", " eV"),
        ("nor1", "bkg_nor1", " eV"),
        ("nor2", "bkg_nor2", " eV"),
        ("nnorm", "bkg_nnorm", ""),
        ("element", "bkg_z", ""),
        ("edge", "fft_edge", ""),
    ]
    said = ", ".join(f"{name} {_short(group, key)}{unit}" for name, key, unit in stored if group.args.get(key))
    if said:
        notes.append(f"Athena's own numbers, not used here: {said}")
    shift = group.number("bkg_eshift")
    if shift:
        notes.append(f"energy = x {shift:+g} eV: a project stores x without its bkg_eshift")
    if group.number("is_kev"):
        notes.append("is_kev: the raw data were in keV; Athena stores eV unless the values say otherwise")
    if not group.number("is_col"):
        notes.append("the project does not say how mu was measured: it was taken as transmission")
    if group.number("is_nor"):
        notes.append("Athena marks this group as normalised before it was read in: its edge step is 1")
    other = next((g.label for g in groups if g.name == group.args.get("reference")), "")
    if other:
        notes.append(f"its reference foil is the group {other!r}, which is not used for alignment")
    odd = [k for k in ARRAYS if k in group.arrays and group.arrays[k].size != group.arrays["x"].size]
    if odd:
        notes.append(f"{', '.join(odd)} of another length than x: left out")
    return tuple(notes)


def _short(group: Group, key: str) -> str:
    number = group.number(key)
    return group.args[key] if number is None else f"{number:.9g}"


def _header(file: TextFile, group: Group) -> tuple[str, ...]:
    top = [words for words in file.lines[:8] if words.lstrip().startswith(("#", '"_____'))]
    args = [f"{key} = {' '.join(said.split())}" for key, said in sorted(group.args.items())]
    return (*top, f"group {group.name}", *args)
