"""Parse any JSON value into an applicant, or into a list of everything that is wrong with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from creditscore.errors import Fault, InvalidApplicants
from creditscore.i18n.catalogue import say, shorten
from creditscore.nearest_name import nearest_name
from creditscore.schema.constraints import Rejected, Value, describe_value
from creditscore.schema.fields import Applicant, Field, ScorecardSpec
from creditscore.schema.reference import REFERENCE, accept_reference, reference_fault

#: Returns a raw JSON value in its canonical form, or raises `Rejected`.
Accept = Callable[[object], Value | None]

#: Faults reported of one request, at most.
MAX_FAULTS = 100


@dataclass(frozen=True)
class ApplicantParser:
    """Parses applicants by the fields of a schema.

    Attributes
    ----------
    fields : mapping of str to Field
        In the order of the schema file.
    scorecards : mapping of str to ScorecardSpec
        Smallest first.
    optional : frozenset of str
        Fields that an applicant may leave out.
    """

    fields: Mapping[str, Field]
    scorecards: Mapping[str, ScorecardSpec]
    optional: frozenset[str]

    def parse(self, raw: object) -> Applicant:
        """Parse one applicant from any JSON value.

        Raises
        ------
        InvalidApplicants
            With every fault at once, 100 at most.
        """
        return self.parse_all([raw], pointers=[""])[0]

    def parse_all(
        self, raws: Sequence[object], *, pointers: Iterable[str] | None = None
    ) -> list[Applicant]:
        """Parse several applicants; one bad one fails them all.

        Parameters
        ----------
        raws : sequence
            Any JSON values.
        pointers : iterable of str, optional
            JSON Pointer of each; an array's ``/0``, ``/1`` and so on if left out.

        Raises
        ------
        InvalidApplicants
            With every fault at once, 100 at most.
        """
        applicants: list[Applicant] = []
        faults: list[Fault] = []
        if pointers is None:
            pointers = (f"/{index}" for index in range(len(raws)))
        for raw, pointer in zip(raws, pointers, strict=True):
            applicant = self._parse(raw, pointer, faults)
            if applicant is not None:
                applicants.append(applicant)
            if len(faults) >= MAX_FAULTS:
                break
        if faults:
            raise InvalidApplicants(faults[:MAX_FAULTS])
        return applicants

    def _parse(self, raw: object, pointer: str, faults: list[Fault]) -> Applicant | None:
        """Parse one applicant, adding to `faults` what is wrong with it."""
        if not isinstance(raw, dict):
            text = say("not_an_applicant", got=describe_value(raw))
            faults.append(Fault("not_an_object", pointer, text))
            return None
        if REFERENCE in raw:
            return self._parse_with_reference(raw, pointer, faults)
        candidate = self._by_field_count.get(len(raw))
        if candidate is not None:
            # Fast path: exactly the fields of one scorecard, each with an accepted value.
            scorecard, accepts = candidate
            try:
                values = {name: accept(raw[name]) for name, accept in accepts}
            except (KeyError, Rejected):
                pass
            else:
                if None not in values.values():
                    return Applicant(scorecard, values)
        return self._parse_with_faults(raw, pointer, faults)

    def _parse_with_reference(
        self, raw: Mapping[str, object], pointer: str, faults: list[Fault]
    ) -> Applicant | None:
        raw_reference = raw[REFERENCE]
        rest = {name: value for name, value in raw.items() if name != REFERENCE}
        applicant = self._parse(rest, pointer, faults)
        try:
            reference = accept_reference(raw_reference)
        except Rejected as rejected:
            faults.append(reference_fault(raw_reference, rejected.code, pointer))
            return None
        return applicant and replace(applicant, reference=reference)

    def _parse_with_faults(
        self, raw: Mapping[str, object], pointer: str, faults: list[Fault]
    ) -> Applicant | None:
        count = len(faults)
        values: dict[str, Value | None] = {}
        for name, field in self.fields.items():
            if name in raw:
                try:
                    values[name] = field.accept(raw[name])
                except Rejected as rejected:
                    faults.append(_rejected(field, raw[name], rejected.code, pointer))
        # A missing value is the same whether it is written or left out.
        spec = self._scorecard_for([name for name in raw if values.get(name, "") is not None])
        for name in spec.fields:
            if name not in raw and name not in self.optional and self.fields[name].missing is None:
                faults.append(self._missing(name, pointer))
        if not raw.keys() <= self.fields.keys():
            unknown = (name for name in raw if name not in self.fields)
            # A body can hold 100,000 unknown names, and finding the nearest takes its time.
            some = itertools.islice(unknown, MAX_FAULTS)
            faults += [self._unknown(name, pointer) for name in some]
        if len(faults) > count:
            return None
        return Applicant(
            scorecard=spec.name,
            values={
                name: values.get(name)
                for name in spec.fields
                if values.get(name) is not None or self.fields[name].missing is not None
            },
        )

    def _scorecard_for(self, names: Collection[str]) -> ScorecardSpec:
        """Return the largest scorecard with an added field among those given."""
        for spec, added_fields in self._largest_first:
            if not added_fields.isdisjoint(names):
                return spec
        return spec

    @cached_property
    def _largest_first(self) -> list[tuple[ScorecardSpec, frozenset[str]]]:
        specs = list(self.scorecards.values())[::-1]
        return [(spec, frozenset(spec.added_fields)) for spec in specs]

    @cached_property
    def _by_field_count(self) -> dict[int, tuple[str, list[tuple[str, Accept]]]]:
        """By number of fields, the scorecard that has so many, and what its fields accept."""
        return {
            len(spec.fields): (
                self._scorecard_for(dict.fromkeys(spec.fields)).name,
                [(name, _accept_of(self.fields[name])) for name in spec.fields],
            )
            for spec in self.scorecards.values()
        }

    def _missing(self, name: str, pointer: str) -> Fault:
        allowed = self.fields[name].allowed
        smallest, *larger = self.scorecards.values()
        if name in smallest.fields:
            text = say("missing", field=name, allowed=allowed)
        else:
            group = next(spec for spec in larger if name in spec.added_fields)
            text = say(
                "missing_from_group",
                field=name,
                allowed=allowed,
                fields=", ".join(n for n in group.added_fields if n not in self.optional),
                scorecard=group.title,
            )
        return Fault("missing", _member(pointer, name), text)

    def _unknown(self, name: str, pointer: str) -> Fault:
        nearest = nearest_name(name, self.fields)
        short = shorten(name)
        if nearest:
            text = say("unknown_field_near", field=short, nearest=nearest)
        else:
            text = say("unknown_field", field=short)
        return Fault("unknown_field", _member(pointer, short), text)


def _accept_of(field: Field) -> Accept:
    """Return what accepts a field's values, a call shorter where none may be missing."""
    return field.rule.accept if field.missing is None else field.accept


def _rejected(field: Field, raw: object, code: str, pointer: str) -> Fault:
    text = say("must_be", field=field.name, allowed=field.allowed, got=describe_value(raw))
    return Fault(code, _member(pointer, field.name), text)


def _member(pointer: str, name: str) -> str:
    """Extend a JSON Pointer by a member's name (RFC 6901, section 3)."""
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
