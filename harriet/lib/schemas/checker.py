"""A schema ready to check values, and what it says of one. Compiling is bounded, and so is each check."""

from __future__ import annotations

from typing import Any, NamedTuple

import jsonschema_rs

from harriet.lib.schemas.repair import Repair
from harriet.lib.schemas.weight import TOO_MUCH, Scale
from harriet.lib.text import excerpt

MOST_WORK = 10_000_000
"""Size of a value times weight of its schema, beyond which it isn't checked: about a tenth of a second, whatever both
were made for."""
_MOST_EXPLAINED = 100_000
"""The same for saying what is wrong: explaining goes through every alternative."""
_MOST_REPAIRS = 50
"""Parts that the engine may name as wrong, one after the other."""
_TOLD = 3
"""Faults of one value."""
_PATTERN_BYTES = 2 * 2**20
"""That one compiled pattern may take."""
_LINEAR = jsonschema_rs.RegexOptions(size_limit=_PATTERN_BYTES, dfa_size_limit=2**18)
"""Patterns come from servers: only an engine whose time grows with the input, not with its tricks."""
_COUNTING = jsonschema_rs.FancyRegexOptions(backtrack_limit=10_000, size_limit=_PATTERN_BYTES, dfa_size_limit=2**18)
"""For patterns with look-around, which the linear engine doesn't know."""


class Fit(NamedTuple):
    """Whether a value fits; None where that was not checked. `words` says what is wrong, or why it was not."""

    fits: bool | None
    words: str = ""


FITS = Fit(True)


class Checker:
    """A compiled schema. `notes` are sentences about the parts of it that can't be checked."""

    __slots__ = ("_is_explained", "_validator", "_weight", "notes", "size")

    def __init__(
        self,
        validator: jsonschema_rs.Validator | None,
        notes: tuple[str, ...],
        *,
        weight: int = 0,
        size: int = 0,
        explains: bool = False,
    ) -> None:
        self._validator = validator
        self._weight = weight
        self._is_explained = explains
        self.notes = notes
        self.size = size
        """About the bytes that it takes in memory."""

    @property
    def can_check(self) -> bool:
        """False where nothing of the schema could be compiled."""
        return self._validator is not None

    def check(self, value: Any, size: int) -> Fit:
        """`size` is the bytes of the value as JSON."""
        if self._validator is None:
            return Fit(None, self.notes[-1] if self.notes else "")
        if size * self._weight > MOST_WORK:
            return Fit(None, "It is too large to be checked against this schema in a bounded time.")
        try:
            if self._validator.is_valid(value):
                return FITS
            return self._misfit(value, size)
        except (ValueError, RecursionError):
            return Fit(None, "It holds something that can't be checked.")

    def takes(self, size: int) -> bool:
        """Whether a value of this size is worth being parsed for the check."""
        return self._validator is not None and size * self._weight <= MOST_WORK

    def _misfit(self, value: Any, size: int) -> Fit:
        assert self._validator is not None
        if not self._is_explained or size * self._weight > _MOST_EXPLAINED:
            return Fit(False)
        sentences: list[str] = []
        for error in self._validator.iter_errors(value):
            if isinstance(error.kind, _GAVE_UP):
                return Fit(None, "A pattern took too long.")
            where = "/".join(str(part) for part in error.instance_path)
            sentences.append(excerpt(f"{where}: {error.message}" if where else error.message, 300))
            if len(sentences) == _TOLD:
                break
        return Fit(False, "; ".join(sentences))


_GAVE_UP = (
    jsonschema_rs.ValidationErrorKind.BacktrackLimitExceeded,
    jsonschema_rs.ValidationErrorKind.RegexEngineFailure,
)


def checker_of(schema: Any, size: int) -> Checker:
    """Never raises, never fetches anything. `size` is the bytes of the schema as JSON. Takes milliseconds: not for an
    event loop."""
    try:
        return _checker_of(schema, size)
    except (ValueError, RecursionError) as problem:  # of Unicode and of numbers, too
        return Checker(None, (f"Nothing of it is checked: {excerpt(str(problem), 200)}.",))


def _checker_of(schema: Any, size: int) -> Checker:
    repair = Repair(schema)
    repair.rewrite()
    validator, problem = _compiled(repair)
    if validator is None:
        notes = (*repair.notes, f"Nothing of it is checked: {excerpt(problem, 200)}.")
        return Checker(None, notes)
    scale = Scale(repair.schema, repair.pattern_weights)
    weight = scale.weigh()
    if weight >= TOO_MUCH:
        return Checker(None, ("Nothing of it is checked: it has too many combinations.",))
    kept = size * 16 + len(repair.pattern_weights) * 2**16
    return Checker(validator, repair.notes, weight=weight, size=kept, explains=not scale.is_recursive)


def _compiled(repair: Repair) -> tuple[jsonschema_rs.Validator | None, str]:
    """Compiles, and leaves out what the engine names as wrong until it is content."""
    problem = ""
    for _ in range(_MOST_REPAIRS):
        repair.finish()
        try:
            return _validator_for(repair.schema, repair.needs_look_around), ""
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as found:
            problem = found.message
            path = tuple(getattr(found, "instance_path", ()))
            if path:
                repair.drop(path, "it is not valid JSON Schema")
            else:
                repair.forget_ids()
    return None, problem


def _validator_for(schema: Any, needs_look_around: bool) -> jsonschema_rs.Validator:
    """Values are masked in messages, because messages reach the audit log."""
    return jsonschema_rs.validator_for(
        schema,
        mask="the value",
        validate_formats=False,
        offline=True,
        pattern_options=_COUNTING if needs_look_around else _LINEAR,
    )
