"""What needs other models beside the scorecard: baselines, ablations, other splits and seeds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.optimize import isotonic_regression
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tools import recompute_metrics as metrics
from tools.recompute_groups import by_group
from tools.recompute_metrics import Array, Section
from tools.recompute_rows import Grown, ModelFiles, Rows
from tools.recompute_sections import twin_rows

#: Coarse bins that are merged, and average rows that are added to each bin of the WoE scorecard.
COARSE_BINS, SMOOTHING_ROWS = 20, 20.0

#: Figures over other splits of the rows.
HEADLINE = ("auc", "gini", "ks", "brier", "log_loss", "ece", "calibration_slope")


def predictions(files: ModelFiles, names: list[str], woe: WoeScorecard) -> dict[str, Array]:
    """Train the models that the scorecard is compared with, and predict the test rows."""
    train, test = files.split
    fields = files.schema["fields"]
    coded = [column for column, name in enumerate(names) if fields[name]["kind"] == "coded"]
    numbers = [column for column in range(len(names)) if column not in coded]
    steps = [
        ("codes", OneHotEncoder(handle_unknown="ignore", sparse_output=False), coded),
        ("numbers", StandardScaler(), numbers),
    ]
    models = {
        "logistic_regression": make_pipeline(
            ColumnTransformer(steps), LogisticRegression(max_iter=1000)
        ),
        "default_forest": RandomForestClassifier(random_state=files.seed),
        "gradient_boosting": HistGradientBoostingClassifier(random_state=files.seed),
    }
    predicted = {
        "woe_scorecard": woe.predict(test),
        "majority": np.full(len(test.bad), train.bad.mean()),
    }
    for name, model in models.items():
        model.fit(train.matrix(names), train.bad)
        predicted[name] = model.predict_proba(test.matrix(names))[:, 1]
    return predicted


def performance(
    files: ModelFiles,
    predicted: Array,
    baselines: dict[str, Array],
    draws: metrics.Bootstrap,
) -> Section:
    """Recompute every metric of the scorecard and of the models beside it."""
    bad = files.split[1].bad
    figures = draws.metrics(bad, predicted)
    theirs = {name: draws.metrics(bad, baseline) for name, baseline in baselines.items()}
    unmatched = ~twin_rows(files)
    alone = metrics.Bootstrap(int(unmatched.sum()), files.seed).metrics(
        bad[unmatched], predicted[unmatched]
    )
    return {
        "rows": len(bad),
        "bads": int(bad.sum()),
        "bad_rate": metrics.rate(bad),
        "mean_predicted": float(predicted.mean()),
        "scorecard": metrics.with_intervals(bad, predicted, figures),
        "without_twins": {
            "rows": int(unmatched.sum()),
            **metrics.with_intervals(bad[unmatched], predicted[unmatched], alone),
        },
        "baselines": {
            name: metrics.with_intervals(bad, baselines[name], draw)
            for name, draw in theirs.items()
        },
        "difference_to_baseline": {
            name: metrics.differences(figures, draw) for name, draw in theirs.items()
        },
    }


# The WoE scorecard


class WoeScorecard:
    """Bins of each field, their weight of evidence, and a logistic regression on it."""

    def __init__(self, files: ModelFiles, names: list[str]) -> None:
        """Fit it to the training rows."""
        self.names, self.policy = names, files.manifest["policy"]
        train, fields = files.split[0], files.schema["fields"]
        self.bins = {
            name: _bins(fields[name], train.matrix([name])[:, 0], train.bad) for name in names
        }
        self.counts = {name: self._count(train, name) for name in names}
        self.woe = {name: _woe(*self.counts[name]) for name in names}
        self.columns = self._columns(train)
        self.model = LogisticRegression(max_iter=1000).fit(self.columns, 1 - train.bad)

    def _bin_indices(self, rows: Rows, name: str) -> Array:
        special, edges = self.bins[name]
        column = rows.matrix([name])[:, 0]
        indices = len(special) + np.searchsorted(edges, column, side="right")
        for index, value in enumerate(special):
            indices[column == value] = index
        return np.asarray(indices)

    def _count(self, rows: Rows, name: str) -> tuple[Array, Array]:
        special, edges = self.bins[name]
        indices, size = self._bin_indices(rows, name), len(special) + len(edges) + 1
        bads = np.bincount(indices[rows.bad == 1], minlength=size)
        return np.bincount(indices[rows.bad == 0], minlength=size), bads

    def _columns(self, rows: Rows) -> Array:
        return np.column_stack(
            [self.woe[name][self._bin_indices(rows, name)] for name in self.names]
        )

    def predict(self, rows: Rows) -> Array:
        """Return each row's probability of default."""
        return np.asarray(self.model.predict_proba(self._columns(rows))[:, 0])

    def variables(self) -> list[Section]:
        """Describe each field, that of the highest information value first."""
        sizes = np.corrcoef(self.columns, rowvar=False)
        np.fill_diagonal(sizes, 0)
        variables = [self._variable(column, sizes[column]) for column in range(len(self.names))]
        return sorted(variables, key=lambda variable: -variable["information_value"])

    def _variable(self, column: int, correlations: Array) -> Section:
        name, nearest = self.names[column], int(np.abs(correlations).argmax())
        goods, bads = self.counts[name]
        woe, coefficient = self.woe[name], float(self.model.coef_[0, column])
        shares = goods / goods.sum() - bads / bads.sum()
        return {
            "field": name,
            "information_value": float((shares * woe).sum()),
            "missing": 0.0,
            "correlated_with": self.names[nearest],
            "correlation": float(correlations[nearest]),
            "coefficient": coefficient,
            "bins": list(self._bin_rows(name, coefficient)),
        }

    def _bin_rows(self, name: str, coefficient: float) -> Iterator[Section]:
        (special, edges), (goods, bads), woe = self.bins[name], self.counts[name], self.woe[name]
        factor = self.policy["points_to_double_odds"] / np.log(2)
        offset = self.policy["base_points"] - factor * np.log(self.policy["base_odds"])
        base_points = (factor * float(self.model.intercept_[0]) + offset) / len(self.names)
        rows = goods + bads
        for index in range(len(woe)):
            if index >= len(special) and not rows[index]:
                continue
            yield {
                "rows": int(rows[index]),
                "bad_rate": float(bads[index] / rows[index]) if rows[index] else None,
                "woe": float(woe[index]),
                "points": int(np.rint(factor * coefficient * woe[index] + base_points)),
                **(
                    {"high": float(edges[index - len(special)])}
                    if len(special) <= index < len(special) + len(edges)
                    else {"high": None}
                ),
            }


def _bins(about: Section, column: Array, bad: Array) -> tuple[list[float], Array]:
    """Return the values with a bin of their own, and the edges of the bands of the others."""
    special = [float(code["value"]) for code in about.get("codes", [])]
    ordinary = ~np.isin(column, special)
    numbers, outcomes = column[ordinary], bad[ordinary]
    if about["kind"] == "coded" or not len(numbers):
        return special, np.array([])
    edges = metrics.edges_of(numbers, COARSE_BINS)
    bins = np.searchsorted(edges, numbers, side="right")
    rows = np.bincount(bins, minlength=len(edges) + 1)
    rates = np.bincount(bins, weights=outcomes, minlength=len(edges) + 1) / rows
    fits = [isotonic_regression(rates, weights=rows, increasing=way) for way in (True, False)]
    best = min(fits, key=lambda fit: float(rows @ (fit.x - rates) ** 2))
    return special, edges[np.asarray(best.blocks[1:-1], dtype=int) - 1]


def _woe(goods: Array, bads: Array) -> Array:
    share = bads.sum() / (goods.sum() + bads.sum())
    smoothed = (goods + SMOOTHING_ROWS * (1 - share)) / (bads + SMOOTHING_ROWS * share)
    return np.asarray(np.log(smoothed) - np.log((1 - share) / share))


# The same forest, trained otherwise


def ablation(
    files: ModelFiles, name: str, predicted: Array, draws: metrics.Bootstrap
) -> list[Section]:
    """Train the forest without each protected field, and without all of them."""
    (train, test), predictors = files.split, files.manifest["scorecards"][name]["predictors"]
    protected = [field for field in predictors if field in files.protected(name)]
    figures = draws.metrics(test.bad, predicted)
    rows = [_consequences(files, name, [], predicted, figures, draws)]
    for left_out in [[field] for field in protected] + [protected] * (len(protected) > 1):
        rest = [field for field in predictors if field not in left_out]
        grown = files.grow(name, train, seed=files.seed, predictors=rest)
        without = grown.predict(test.matrix(rest))
        rows.append(_consequences(files, name, left_out, without, figures, draws))
    return rows


def _consequences(
    files: ModelFiles,
    name: str,
    left_out: list[str],
    predicted: Array,
    shipped: dict[str, Array],
    draws: metrics.Bootstrap,
) -> Section:
    test, cutoff = files.split[1], files.manifest["policy"]["cutoff"]
    theirs = draws.metrics(test.bad, predicted)
    return {
        "excluded": left_out,
        "auc": metrics.interval(theirs["auc"]),
        "brier": metrics.interval(theirs["brier"]),
        "change": metrics.differences(theirs, shipped) if left_out else None,
        **metrics.at_cutoff(test.bad, predicted, cutoff),
        "demographic_parity_ratio": {
            field: by_group(files.groups(field, test), test.bad, predicted < cutoff, draws)[
                "demographic_parity_ratio"
            ]
            for field in files.protected(name)
        },
    }


def constraints(
    files: ModelFiles, name: str, predicted: Array, draws: metrics.Bootstrap
) -> Section:
    """Train the forest without its monotone constraints."""
    (train, test), predictors = files.split, files.manifest["scorecards"][name]["predictors"]
    grown = files.grow(name, train, seed=files.seed, constrained=False)
    free = draws.metrics(test.bad, grown.predict(test.matrix(predictors)))
    return {"change": metrics.differences(draws.metrics(test.bad, predicted), free)}


def cross_validation(files: ModelFiles, name: str, predicted: Array, splits: int) -> Section:
    """Train and test the forest on other splits of the rows."""
    predictors = files.manifest["scorecards"][name]["predictors"]
    cutoff, test = files.manifest["policy"]["cutoff"], files.split[1]
    shipped, repeated = _headline(test.bad, predicted, cutoff), []
    for number in range(1, splits + 1):
        train, test_rows = files.other_split(number)
        grown = files.grow(name, train, seed=files.seed)
        repeated.append(
            _headline(test_rows.bad, grown.predict(test_rows.matrix(predictors)), cutoff)
        )
    return {
        "splits": splits,
        "figures": {
            figure: metrics.distribution([figures[figure] for figures in repeated], value)
            for figure, value in shipped.items()
        },
    }


def _headline(bad: Array, predicted: Array, cutoff: float) -> dict[str, float]:
    figures, rates = (
        metrics.point_figures(bad, predicted),
        metrics.at_cutoff(bad, predicted, cutoff),
    )
    headline = {name: figures[name] for name in HEADLINE} | {
        name: rates[name] for name in ("approval_rate", "bad_rate_approved")
    }
    return {name: np.nan if value is None else value for name, value in headline.items()}


def retraining(files: ModelFiles, name: str, predicted: Array, seeds: int) -> Section:
    """Train the forest with other seeds on the same rows."""
    (train, test), predictors = files.split, files.manifest["scorecards"][name]["predictors"]
    cutoff, matrix = files.manifest["policy"]["cutoff"], test.matrix(predictors)
    forests = [files.grow(name, train, seed=files.seed + offset) for offset in range(seeds)]
    every = [predicted] + [forest.predict(matrix) for forest in forests[1:]]
    near = near_cutoff(train.matrix(predictors), forests, predicted, cutoff)
    approved = np.array(every) < cutoff
    changed = approved.any(axis=0) & ~approved.all(axis=0)
    spread = np.std(every, axis=0, ddof=1)
    shipped, *aucs = (
        metrics.point_figures(test.bad, probabilities)["auc"] or np.nan for probabilities in every
    )
    levels = {"median": 0.5, "percentile_95": 0.95, "largest": 1}
    return {
        "seeds": len(every),
        "rows": len(test.bad),
        "changed_rows": int(changed.sum()),
        "changed": metrics.rate(changed),
        "auc": metrics.distribution(aucs, shipped),
        "probability_sd": {key: float(np.quantile(spread, level)) for key, level in levels.items()},
        "within_a_point": metrics.rate(np.abs(predicted - cutoff) <= 0.01),
        "warned": metrics.rate(near),
        "changed_warned": metrics.rate(near[changed]),
    }


def near_cutoff(matrix: Array, forests: list[Grown], predicted: Array, cutoff: float) -> Array:
    """Return which rows are no farther from the cut-off than other seeds move training rows.

    The distance is that of 95 % of the moves, in each of 20 bands of equally many training rows.
    """
    base, *repeated = (forest.predict(matrix) for forest in forests)
    moved = np.abs(np.array(repeated) - base)
    bands = int(np.clip(len(base) // 100, 1, 20))
    edges = np.unique(np.quantile(base, np.arange(1, bands) / bands).round(6))
    bands_of_rows = np.searchsorted(edges, base, side="right")
    spreads = np.array(
        [np.quantile(moved[:, bands_of_rows == number], 0.95) for number in range(len(edges) + 1)]
    ).round(6)
    band = np.searchsorted(edges, predicted, side="right")
    return np.asarray(np.abs(predicted - cutoff) <= spreads[band])
