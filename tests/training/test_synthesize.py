"""The synthetic rows: the same every time, like the real ones, and giving none of them away."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from answers import PROJECT
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarks import synthetic_rows
from creditscore.schema import Schema
from creditscore.training import dataset
from data import synthesize
from data.synthesis import fidelity, generator, privacy
from data.synthesis.columns import AMOUNTS, COLUMNS, FEATURES, Floats, Ints, active
from data.synthesis.generator import Generator
from data.synthesis.labels import sample_evenly
from data.synthesis.leaves import MIN_ROWS, Leaf, summarise_codes, summarise_numbers
from data.synthesis.privacy import PrivacyError

BUNDLED = PROJECT / "data" / "credit.csv"

ROWS = 4_000


def block(name: str) -> str:
    """Give a block of the datasheet that a command wrote."""
    text = (PROJECT / "data" / "README.md").read_text(encoding="utf-8")
    _, _, rest = text.partition(f"<!-- {name}: generated -->")
    return rest.partition(f"<!-- end of {name} -->")[0].strip()


def invent(rows: int = ROWS, seed: int = 5) -> pd.DataFrame:
    """Invent rows that look like those of card holders, for tests without the real ones."""
    rng = np.random.default_rng(seed)
    limit = rng.integers(1, 60, rows) * 10_000
    status = rng.choice([-2, -1, 0, 1, 2], (rows, 3), p=[0.1, 0.2, 0.5, 0.1, 0.1])
    share = rng.beta(0.6, 1, (rows, 3)) * rng.choice([-0.01, 0, 1], (rows, 3), p=[0.05, 0.1, 0.85])
    bill = (share * limit[:, None]).round().astype(int)
    part = (np.maximum(bill, 0) * rng.beta(0.5, 4, (rows, 3))).round().astype(int)
    exactly = rng.random((rows, 3)) < 0.2
    before = np.maximum(np.roll(bill, -1, axis=1), 0)
    paid = np.where(exactly, before, part)
    table = pd.DataFrame(
        {
            "LIMIT_BAL": limit,
            "SEX": rng.choice([1, 2], rows),
            "EDUCATION": rng.choice([0, 1, 2, 3, 4], rows, p=[0.002, 0.398, 0.4, 0.15, 0.05]),
            "MARRIAGE": rng.choice([0, 1, 2, 3], rows, p=[0.01, 0.45, 0.5, 0.04]),
            "AGE": rng.integers(21, 70, rows),
            **{f"PAY_{month + 1}": status[:, month] for month in range(3)},
            **{f"BILL_AMT{month + 1}": bill[:, month] for month in range(3)},
            **{f"PAY_AMT{month + 1}": paid[:, month] for month in range(3)},
        }
    )
    risk = 1 / (1 + np.exp(1.6 + limit / 400_000 - 0.9 * status[:, 0]))
    return table.assign(TARGET=(rng.random(rows) < risk).astype(int))[list(COLUMNS)]


@pytest.fixture(scope="module")
def stand_in() -> pd.DataFrame:
    return invent()


@pytest.fixture(scope="module")
def fitted(stand_in: pd.DataFrame) -> Generator:
    return generator.fit(stand_in)


@pytest.fixture
def real_csv(stand_in: pd.DataFrame, tmp_path: Path) -> Path:
    path = tmp_path / "real.csv"
    stand_in.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def bundled() -> pd.DataFrame:
    return pd.read_csv(BUNDLED)


@pytest.fixture(scope="module")
def uci_rows(uci_csv: Path) -> pd.DataFrame:
    return pd.read_csv(uci_csv)


Refused = Callable[[Path], str]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Draw from a file that is refused; give the one line that says why."""

    def run(path: Path) -> str:
        out = tmp_path / "out.csv"
        assert synthesize.main([str(path), str(out)]) == 1
        assert not out.exists()
        message = capsys.readouterr().err
        assert message.count("\n") == 1, message
        return message

    return run


class TestCommand:
    def test_the_same_rows_and_seed_give_the_same_bytes(
        self, real_csv: Path, tmp_path: Path
    ) -> None:
        first, second, third = (tmp_path / name for name in ("one.csv", "two.csv", "other.csv"))

        statuses = [
            synthesize.main([str(real_csv), str(out), "--rows", "1000", "--seed", seed])
            for out, seed in ((first, "7"), (second, "7"), (third, "8"))
        ]

        assert statuses == [0, 0, 0]
        assert first.read_bytes() == second.read_bytes()
        features = [pd.read_csv(path)[list(FEATURES)] for path in (first, third)]
        assert (features[0] != features[1]).any(axis=1).mean() > 0.9

    def test_it_tells_the_figures_and_writes_them_down(
        self, real_csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out, figures = tmp_path / "out.csv", tmp_path / "figures.json"

        status = synthesize.main(
            [str(real_csv), str(out), "--rows", "999", "--report", str(figures)]
        )

        output = capsys.readouterr().out
        assert status == 0
        assert len(pd.read_csv(out)) == 999
        for name in ("rows", "default rate", "worst column", "smallest stored count", "identical"):
            assert name in output
        assert pd.read_json(figures, typ="series")["rows"] == {"real": ROWS, "drawn": 999}

    def test_it_refuses_to_draw_from_what_stands_for_too_few_rows(
        self, real_csv: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Leaves that keep values of five rows, while the check still asks for twenty.
        monkeypatch.setattr("data.synthesis.leaves.MIN_ROWS", 5)

        assert "every stored number must cover at least 20" in refused(real_csv)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda table: table.drop(columns="AGE"), "must have the header LIMIT_BAL,SEX"),
            (lambda table: table[list(reversed(COLUMNS))], "must have the header LIMIT_BAL,SEX"),
            (lambda table: table.assign(AGE="old"), "column AGE: must hold integers and no gaps"),
            (lambda table: table.assign(AGE=35.5), "column AGE: must hold integers and no gaps"),
            (
                lambda table: table.assign(AGE=table["AGE"].where(table.index > 0)),
                "column AGE: must hold integers and no gaps",
            ),
            (lambda table: table.head(1999), "must hold at least 2000 rows, got 1999"),
            (lambda table: table.assign(TARGET=2), "column TARGET: must be 0 or 1"),
            (lambda table: table.assign(TARGET=0), "at least 200 rows, got 0"),
            (lambda table: table.assign(LIMIT_BAL=0), "column LIMIT_BAL: must be above 0"),
        ],
    )
    def test_it_refuses_rows_that_it_cannot_learn_from(
        self,
        change: Callable[[pd.DataFrame], pd.DataFrame],
        message: str,
        stand_in: pd.DataFrame,
        refused: Refused,
        tmp_path: Path,
    ) -> None:
        path = tmp_path / "wrong.csv"
        change(stand_in).to_csv(path, index=False)

        refusal = refused(path)

        assert message in refusal
        assert str(path) in refusal

    @pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b'a,b\n"1,2\n'])
    def test_it_refuses_what_is_no_csv_file(
        self, content: bytes | None, refused: Refused, tmp_path: Path
    ) -> None:
        path = tmp_path / "wrong.csv"
        if content is not None:
            path.write_bytes(content)

        assert refused(path).startswith(f"synthesize.py: {path} ")

    def test_it_does_not_write_over_the_real_rows(
        self, real_csv: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = real_csv.read_bytes()

        status = synthesize.main([str(real_csv), str(real_csv)])

        assert status == 1
        assert "must not be written over" in capsys.readouterr().err
        assert real_csv.read_bytes() == before

    def test_it_says_where_it_cannot_write(
        self, real_csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "nowhere" / "out.csv"

        status = synthesize.main([str(real_csv), str(out), "--rows", "10"])

        assert status == 1
        assert f"{out} cannot be written: there is no folder" in capsys.readouterr().err

    @pytest.mark.parametrize("option", [["--rows", "0"], ["--rows", "many"], ["--seed", "-1"]])
    def test_it_says_what_an_option_may_be(
        self, option: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as exit_:
            synthesize.main(["real.csv", "out.csv", *option])

        assert exit_.value.code == 2
        assert "must be a whole number from" in capsys.readouterr().err


class TestPrivacy:
    def test_all_that_is_stored_covers_enough_rows(self, fitted: Generator) -> None:
        assert privacy.check(fitted).rows >= MIN_ROWS

    @pytest.mark.parametrize(
        "counts",
        [
            lambda fitted: fitted.accounts.variables["AGE"].tree.rows,
            lambda fitted: next(iter(fitted.accounts.variables["AGE"].leaves.values())).rows,
            lambda fitted: next(
                rare.rows
                for variable in fitted.accounts.variables.values()
                for rare in variable.rare.values()
            ),
            lambda fitted: fitted.accounts.overpaid[2].rows,
            lambda fitted: fitted.labels.everything.trees[7].rows,
            lambda fitted: fitted.labels.groups[-1].outcomes.rows,
        ],
        ids=["tree", "leaf", "rare code", "overpaid bill", "label's tree", "group of codes"],
    )
    def test_a_single_small_count_anywhere_is_found(
        self, counts: Callable[[Generator], Ints], fitted: Generator
    ) -> None:
        doctored = copy.deepcopy(fitted)
        counts(doctored)[-1] = MIN_ROWS - 1

        with pytest.raises(PrivacyError, match="covers 19 rows, every stored number must cover"):
            privacy.check(doctored)

    def test_a_number_without_a_count_is_found(self, fitted: Generator) -> None:
        with pytest.raises(PrivacyError, match=r"\[1\]\[rate\] does not say how many rows"):
            privacy.check([fitted, {"rate": 0.2212}])

    def test_more_numbers_than_counts_are_found(self) -> None:
        leaf = Leaf(np.array([1.0, 2.0]), np.zeros(2), np.array([50]))

        with pytest.raises(PrivacyError, match="does not say how many rows each number covers"):
            privacy.check([leaf])

    def test_a_row_that_equals_one_to_avoid_is_drawn_anew(self, fitted: Generator) -> None:
        first = fitted.draw(500, seed=3)

        again = fitted.draw(500, seed=3, avoid=first)

        assert privacy.copies(first, first).active.sum() > 400
        assert not privacy.copies(again, first).active.any()
        untouched = ~active(first)
        pd.testing.assert_frame_equal(
            again.loc[untouched, list(FEATURES)], first.loc[untouched, list(FEATURES)]
        )

    def test_copies_are_told_apart_by_whether_the_account_moved_money(self) -> None:
        real = invent(50)
        still = real.assign(**dict.fromkeys(AMOUNTS, 0))
        changed = real.assign(AGE=real["AGE"] + 100)

        both = privacy.copies(pd.concat([real, still, changed]), pd.concat([real, still]))

        moved = active(real)
        assert both.active.tolist() == [*moved, *[False] * 100]
        assert both.inactive.tolist() == [*~moved, *[True] * 50, *[False] * 50]


class TestLeaves:
    @given(
        arrays(np.float64, st.integers(20, 120), elements=st.integers(-50, 50).map(float)),
    )
    def test_a_leaf_keeps_nothing_of_fewer_than_twenty_rows(self, numbers: Floats) -> None:
        leaf = summarise_numbers(numbers)

        assert (leaf.rows >= MIN_ROWS).all()
        assert len(numbers) - MIN_ROWS < leaf.rows.sum() <= len(numbers)
        assert (leaf.spread >= 0).all()

    def test_a_value_that_many_share_is_kept_and_the_rest_is_blurred(self) -> None:
        numbers = np.array([1000.0] * 20 + [float(number) for number in range(60)])

        leaf = summarise_numbers(numbers)

        assert leaf.value.tolist() == [1000.0, 9.5, 29.5, 49.5]
        assert leaf.spread.tolist() == [0.0, 5.0, 5.0, 5.0]
        assert leaf.rows.tolist() == [20, 20, 20, 20]

    def test_a_code_of_nineteen_rows_is_left_out(self) -> None:
        leaf = summarise_codes(np.array([1.0] * 20 + [2.0] * 19))

        assert leaf.value.tolist() == [1.0]

    def test_drawn_groups_keep_mean_and_spread(self) -> None:
        leaf = Leaf(np.array([100.0]), np.array([10.0]), np.array([20]))
        rng = np.random.default_rng(1)

        values = leaf.draw(rng.random(100_000), rng)

        assert values.mean() == pytest.approx(100, abs=0.2)
        assert np.abs(values - 100).mean() == pytest.approx(10, abs=0.1)


class TestLabels:
    @given(
        st.lists(st.floats(0.001, 0.999), min_size=1, max_size=200),
        st.floats(0, 1, exclude_max=True),
    )
    def test_as_many_default_as_the_probabilities_add_up_to(
        self, probabilities: list[float], start: float
    ) -> None:
        probability = np.array(probabilities)

        labels = sample_evenly(probability, np.zeros(len(probability)), start)

        assert set(labels) <= {0, 1}
        assert abs(labels.sum() - probability.sum()) < 1 + 1e-9

    def test_each_row_defaults_as_often_as_its_probability_says(self) -> None:
        probability = np.array([0.1, 0.5, 0.9, 0.3])
        starts = (np.arange(10_000) + 0.5) / 10_000

        labels = [sample_evenly(probability, np.zeros(4), start) for start in starts]

        assert np.mean(labels, axis=0) == pytest.approx(probability, abs=2e-4)

    def test_the_default_rate_is_the_real_one(
        self, fitted: Generator, stand_in: pd.DataFrame
    ) -> None:
        rows = fitted.draw(5_000, seed=1)

        assert rows["TARGET"].mean() == pytest.approx(stand_in["TARGET"].mean(), abs=0.001)


class TestFidelity:
    def test_total_variation_by_hand(self) -> None:
        first, second = np.array([1, 1, 2, 2]), np.array([1, 2, 2, 3])

        assert fidelity.total_variation(first, first) == 0
        assert fidelity.total_variation(first, second) == 0.25
        assert fidelity.total_variation(first, second + 10) == 1

    def test_kolmogorov_smirnov_by_hand(self) -> None:
        first, second = np.array([1, 2, 3, 4]), np.array([3, 4, 5, 6])

        assert fidelity.kolmogorov_smirnov(first, first) == 0
        assert fidelity.kolmogorov_smirnov(first, second) == 0.5
        assert fidelity.kolmogorov_smirnov(first, second + 10) == 1

    def test_a_row_is_nearest_to_itself_and_half_a_scale_from_another_code(self) -> None:
        rows = invent(1).assign(SEX=1)
        both = pd.concat([rows, rows.assign(SEX=2)])

        assert fidelity.nearness(rows, both).median == pytest.approx(0, abs=1e-6)
        assert fidelity.nearness(rows.assign(SEX=3), both).median == pytest.approx(math.sqrt(0.125))


class TestBundledRows:
    def test_there_are_thirty_thousand_of_them(self, bundled: pd.DataFrame) -> None:
        assert tuple(bundled.columns) == COLUMNS
        assert len(bundled) == 30_000

    def test_they_hold_only_codes_and_amounts_that_can_be(self, bundled: pd.DataFrame) -> None:
        assert set(bundled["SEX"]) == {1, 2}
        assert set(bundled["EDUCATION"]) == {1, 2, 3, 4, 5, 6}
        assert set(bundled["MARRIAGE"]) == {0, 1, 2, 3}
        assert set(bundled["TARGET"]) == {0, 1}
        for name in ("PAY_1", "PAY_2", "PAY_3"):
            assert set(bundled[name]) <= set(range(-2, 9))
        assert (bundled[["PAY_AMT1", "PAY_AMT2", "PAY_AMT3"]] >= 0).all(axis=None)
        assert (bundled["LIMIT_BAL"] % 10_000 == 0).all()
        assert bundled["LIMIT_BAL"].min() == 10_000
        assert bundled["AGE"].between(21, 79).all()

    def test_they_pass_the_data_dictionary(self, schema: Schema) -> None:
        assert len(dataset.load(BUNDLED, schema)) == 30_000

    def test_as_many_default_and_pay_in_full_as_in_the_real_rows(
        self, bundled: pd.DataFrame
    ) -> None:
        exactly = (bundled["PAY_AMT1"] == bundled["BILL_AMT2"]) & (bundled["PAY_AMT1"] > 0)

        assert bundled["TARGET"].mean() == pytest.approx(0.2212, abs=0.008)
        assert exactly.mean() == pytest.approx(0.1355, abs=0.005)


@pytest.mark.slow
class TestBesideTheRealRows:
    def test_no_active_account_equals_a_real_one(
        self, bundled: pd.DataFrame, uci_rows: pd.DataFrame
    ) -> None:
        assert not privacy.copies(bundled, uci_rows).active.any()

    def test_every_column_is_spread_alike(
        self, bundled: pd.DataFrame, uci_rows: pd.DataFrame
    ) -> None:
        name, distance = fidelity.column_distances(uci_rows, bundled).worst

        assert distance <= 0.03, name

    def test_the_command_draws_exactly_the_bundled_rows_and_the_figures_of_the_datasheet(
        self, uci_csv: Path, tmp_path: Path
    ) -> None:
        out, figures = tmp_path / "credit.csv", tmp_path / "figures.md"

        status = synthesize.main([str(uci_csv), str(out), "--report", str(figures)])

        assert status == 0
        assert out.read_bytes() == BUNDLED.read_bytes()
        assert figures.read_text(encoding="utf-8").strip() == block("figures")

    def test_training_on_drawn_rows_costs_little(
        self, uci_csv: Path, uci_rows: pd.DataFrame, schema: Schema
    ) -> None:
        real = dataset.load(uci_csv, schema)
        train, test = synthetic_rows.split_rows(real.bad, seed=1)
        rows = uci_rows.iloc[train]
        drawn_rows = generator.fit(rows).draw(30_000, seed=1, avoid=rows)

        lost = synthetic_rows.auc_lost(
            synthetic_rows.read_back(drawn_rows, schema),
            real.rows(train),
            real.rows(test),
            schema,
            1,
        )

        # One split scatters; benchmarks/model_quality.py holds the mean to 0.006 and 0.012.
        assert lost["application"] < 0.01
        assert lost["behavioural"] < 0.015
        figures = re.findall(
            r"^(\w+) +(\S+) .* from (\S+) to (\S+)$", block("splits"), re.MULTILINE
        )
        assert {card for card, *_ in figures} == set(lost)
        for card, mean, lowest, highest in figures:
            assert float(lowest) <= float(mean) <= float(highest)
            # This is one of the splits of the datasheet.
            assert float(lowest) - 1e-4 <= lost[card] <= float(highest) + 1e-4
