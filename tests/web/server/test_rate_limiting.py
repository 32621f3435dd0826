"""Token buckets: right to the request, shared by processes, private, and never stuck."""

from __future__ import annotations

import math
import multiprocessing
import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditscore.settings import RateLimit
from creditscore.web.rate_limiting import GROUPS, NAME, WAYS, RateLimits

NOON = 1_800_000_000.0


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> RateLimits:
    return RateLimits(tmp_path_factory.mktemp("run") / "deep")


@given(
    requests=st.integers(1, 20),
    seconds=st.sampled_from([1, 60, 3600]),
    gaps=st.lists(st.floats(0, 100), max_size=60),
    number=st.integers(),
)
def test_a_bucket_is_what_a_slow_and_plain_one_is(
    account: RateLimits, requests: int, seconds: int, gaps: list[float], number: int
) -> None:
    limit, now, tokens = RateLimit(requests, seconds), NOON, float(requests)
    rate = requests / seconds

    for gap in gaps:
        now += gap
        tokens = min(float(requests), tokens + gap * rate)
        verdict = account.take(f"{number} {requests} {seconds} {gaps}", limit, now=now)
        if abs(tokens - round(tokens)) < 1e-4:
            # Which side of a whole token a sum of fractions falls on, nobody needs to know.
            tokens = float(round(tokens))
        if tokens == 1:
            tokens = 1.0 if verdict.allowed else 1 - 1e-9
        assert verdict.allowed == (tokens >= 1)
        tokens -= verdict.allowed
        assert verdict.remaining == pytest.approx(math.floor(tokens + 1e-6), abs=1)
        assert verdict.reset == pytest.approx((requests - tokens) / rate, abs=1e-3 / rate + 1e-3)
        if not verdict.allowed:
            assert verdict.wait == pytest.approx((1 - tokens) / rate, abs=1e-3 / rate + 1e-3)


def test_whoever_waits_as_told_may_ask_again(account: RateLimits) -> None:
    limit = RateLimit(3, 60)
    for _ in range(3):
        account.take("patient", limit, now=NOON)
    refused = account.take("patient", limit, now=NOON)

    assert not account.take("patient", limit, now=NOON + refused.wait - 0.01).allowed
    assert account.take("patient", limit, now=NOON + refused.wait + 0.001).allowed


@pytest.mark.parametrize("jump", [-86_400, -61, 86_400])
def test_a_clock_that_is_set_locks_nobody_out(account: RateLimits, jump: float) -> None:
    limit = RateLimit(2, 60)
    for _ in range(3):
        account.take(f"clock {jump}", limit, now=NOON)

    assert account.take(f"clock {jump}", limit, now=NOON + jump).allowed


def test_more_clients_than_buckets_lock_nobody_out(tmp_path: Path) -> None:
    small = RateLimits(tmp_path)
    limit = RateLimit(1, 3600)

    assert all(
        small.take(f"client {n}", limit, now=NOON + n / 1000).allowed
        for n in range(2 * WAYS * GROUPS)
    )


def take_many(folder: Path, count: int) -> int:
    account = RateLimits(folder)
    return sum(account.take("shared", RateLimit(500, 3600), now=NOON).allowed for _ in range(count))


def test_processes_share_one_account(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        counts = pool.starmap(take_many, [(tmp_path, 300)] * 4)

    assert sum(counts) == 500
    assert not RateLimits(tmp_path).take("shared", RateLimit(500, 3600), now=NOON).allowed


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_process_that_was_forked_counts_too(tmp_path: Path) -> None:
    account, limit = RateLimits(tmp_path), RateLimit(1, 60)
    child = os.fork()
    if child == 0:
        os._exit(0 if account.take("family", limit, now=NOON).allowed else 1)
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert not account.take("family", limit, now=NOON).allowed


def test_the_file_is_private_and_names_nobody(tmp_path: Path) -> None:
    account = RateLimits(tmp_path / "run")
    account.take("address 203.0.113.7", RateLimit(5, 60), now=NOON)
    file = tmp_path / "run" / NAME

    assert b"203.0.113.7" not in file.read_bytes()
    if os.name != "nt":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [NAME]


def test_another_file_in_its_place_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("notes")

    with pytest.raises(OSError, match="is not what was expected"):
        RateLimits(tmp_path)

    assert (tmp_path / NAME).read_text() == "notes"


@pytest.mark.parametrize("text", ["600/minute", "1/second", "5/hour", "10000/day"])
def test_a_limit_is_written_as_it_is_read(text: str) -> None:
    assert str(RateLimit.read(text)) == text
