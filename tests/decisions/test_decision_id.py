"""Decision ids sort by time, and nobody can guess them or get one twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

from hypothesis import example, given
from hypothesis import strategies as st

from creditscore.decisions.assessor import timestamp
from creditscore.decisions.record import new_decision_ids

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)
)


@given(MOMENTS)
# A float of these seconds, times 1,000, falls short of the millisecond.
@example(datetime(2038, 6, 1, 12, 0, 0, 2_000, tzinfo=UTC))
def test_an_id_is_a_uuid_of_version_7_that_holds_its_time(moment: datetime) -> None:
    (text,) = new_decision_ids(moment, 1)

    decision_id = UUID(text)
    assert str(decision_id) == text
    assert decision_id.version == 7
    assert decision_id.variant == RFC_4122
    milliseconds = decision_id.int >> 80
    moment_held = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    assert timestamp(moment_held) == timestamp(moment)


@given(MOMENTS, MOMENTS)
def test_ids_sort_by_the_millisecond_of_their_time(
    first_moment: datetime, second_moment: datetime
) -> None:
    earlier, later = sorted([first_moment, second_moment])
    apart = later - earlier >= timedelta(milliseconds=1)

    (first,), (second,) = new_decision_ids(earlier, 1), new_decision_ids(later, 1)

    assert not apart or first < second


def test_the_time_zone_does_not_matter() -> None:
    local_noon = NOON.astimezone(timezone(timedelta(hours=7)))

    (away,), (home,) = new_decision_ids(local_noon, 1), new_decision_ids(NOON, 1)

    assert away[:13] == home[:13]


def test_ids_differ_even_if_the_clock_stands_still_or_is_set_back() -> None:
    ids = [
        decision_id
        for moment in (NOON, NOON - timedelta(hours=1), NOON)
        for decision_id in new_decision_ids(moment, 10_000)
    ]

    assert len(set(ids)) == 30_000


def test_all_but_time_version_and_variant_is_random() -> None:
    union, intersection = 0, (1 << 128) - 1
    for text in new_decision_ids(NOON, 200):
        value = UUID(text).int
        union |= value
        intersection &= value

    assert (union ^ intersection).bit_count() == 74
