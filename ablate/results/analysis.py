"""Everything that a report shows, computed once: tables, figures, page, paper and notebook only draw these frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablate import designs, numbers, stats
from ablate.designs import Arm, Design
from ablate.planning import confounds
from ablate.planning.confounds import INPUT
from ablate.results.frames import Results, arm_name
from ablate.results.published import published
from ablate.results.question import Question
from ablate.results.retuned import Retuned

TROUBLES = ("diverged", "failed", "missing")  # of runs without a value, counted
COSTS = ("parameters", "operations", "bytes", "seconds", "examples_per_second")
FEW = 5  # runs that are named

Correct = Mapping[int, Mapping[int, NDArray[np.bool_]]]


@dataclass(frozen=True)
class Analysis:
    """What a sweep shows, as frames; each is computed when it is first looked at. Points are those of the metric.

    results: what there is. question: what is judged, and how.
    """

    results: Results
    question: Question

    @property
    def title(self) -> str:
        """The name of the study or, without one, the design and its factors."""
        sweep = self.results.sweep
        return str(sweep.get("study") or f"{sweep['design']}: {', '.join(sweep['factors']) or 'one arm'}")

    @cached_property
    def names(self) -> dict[int, str]:
        """The arms as readers see them, by number."""
        return {int(arm["number"]): arm_name(arm) for arm in self.results.sweep["arms"]}

    @cached_property
    def labels(self) -> dict[int, str]:
        """The arms by number, without what the baseline is made of."""
        return {int(arm["number"]): str(arm["label"]) for arm in self.results.sweep["arms"]}

    @cached_property
    def levels(self) -> pd.DataFrame:
        """The levels of each arm: a row an arm, a column a factor."""
        arms = self.results.sweep["arms"]
        frame = pd.DataFrame([arm["levels"] for arm in arms], index=[int(arm["number"]) for arm in arms])
        return frame.reindex(columns=self.results.factors).rename_axis(index="arm")

    @cached_property
    def wide(self) -> pd.DataFrame:
        """The value of each arm (row) and seed (column) in the unit of the metric; missing where a run has none."""
        metric, runs = self.question.metric, self.results.runs
        done = runs[runs["status"] == "done"]
        values = done.assign(value=metric.scale * done[metric.column]).pivot_table(
            index="arm", columns="seed", values="value", dropna=False
        )
        wide = values.reindex(index=list(self.names), columns=list(self.results.sweep["seeds"])).astype("float64")
        return wide.rename_axis(index="arm", columns="seed")

    @property
    def seeds(self) -> pd.DataFrame:
        """`wide` as a file has it: arm, label and a column a seed, seed_0 and so on."""
        wide = self.wide.rename(columns=lambda seed: f"seed_{seed}").rename_axis(columns=None).reset_index()
        wide.insert(1, "label", wide["arm"].map(self.names).astype("str"))
        return wide

    @property
    def seeds_an_arm(self) -> str:
        """How many seeds were planned for each arm, as in `5 seeds`, or `2 to 5 seeds` where sweeps were joined."""
        counts = self.results.runs.groupby("arm")["seed"].nunique()
        fewest, most = int(counts.min()), int(counts.max())
        return numbers.counted(most, "seed") if fewest == most else f"{fewest:,} to {numbers.counted(most, 'seed')}"

    @cached_property
    def against(self) -> dict[int, int]:
        """What each arm is compared with, where it is with one; of two rates the shared one."""
        pairs = self.question.pairs
        return dict(pairs if self.retuned is None else reversed(pairs))

    @cached_property
    def retuned(self) -> Retuned | None:
        """How the learning rates of arms were chosen; None where they were not."""
        content = self.results.sweep.get("retune")
        return None if content is None else Retuned(content)

    @cached_property
    def arms(self) -> pd.DataFrame:
        """One row an arm, in the design's order.

        Columns: arm; label; a column a factor; n, mean, sd, worst, low, high: see `stats.arms`; against: the arm that it is
        compared with; the costs, each with that arm's and with the difference, see `stats.costs`; front_operations,
        front_parameters, front_seconds: whether no other arm beats it on both the metric and that cost; diverged, failed,
        missing: runs without a value.
        """
        counts = pd.crosstab(self.results.runs["arm"], self.results.runs["status"])
        troubles = counts.reindex(index=list(self.names), columns=list(TROUBLES), fill_value=0)
        against = pd.Series(self.against, dtype="Int64").reindex(list(self.names))
        values = stats.arms(self.wide, self.question.metric.better).set_index("arm")
        costs = stats.costs(self.results.runs, self.against).set_index("arm")
        frame = pd.concat([pd.Series(self.names, name="label", dtype="str"), self.levels, values], axis="columns")
        frame = pd.concat([frame.assign(against=against), costs.reindex(frame.index)], axis="columns")
        fronts = stats.fronts(frame.join(troubles), self.question.metric.better)
        frame = pd.concat([frame, fronts, troubles], axis="columns")
        return frame.rename_axis("arm").reset_index()

    @cached_property
    def design(self) -> Design | None:
        """What made the arms; None for those of several sweeps or of a store, and for what is not known here."""
        return designs.known(self.results.sweep["design"])

    @cached_property
    def crossed(self) -> bool:
        """Whether the design is one whose arms are every combination of levels."""
        return self.design is not None and self.design.crossed

    @cached_property
    def partner(self) -> str | None:
        """What each arm is compared with, as the design has it: `the rung below`; None where that is one arm, or as may be."""
        if self.design is None or self.design.partner is None:
            return None
        usual = set(self.design.pairs(self._arms))
        return self.design.partner if usual.issuperset(self.question.pairs) else None

    @property
    def _labeled_so(self) -> bool:
        """Whether the labels of arms are their changes from what they are compared with."""
        return self.partner is not None and self.design is not None and self.design.label is not designs.change

    @cached_property
    def _arms(self) -> list[Arm]:
        return [Arm(tuple(arm["levels"].items())) for arm in self.results.sweep["arms"]]

    def _change(self, arm: int, other: int) -> str:
        """What an arm changes of another."""
        return self._arms[arm].label(self._arms[other])

    def _name(self, pair: tuple[int, int], several: bool) -> str:
        """What the comparison of two arms is called. several: whether not all are with the same arm or as the design has it."""
        if self.retuned is not None:
            return self.retuned.name(pair)
        return self._change(*pair) if several else self.names[pair[0]]

    @cached_property
    def _judged(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """(what is judged, one row each: name, arm, against, against_label, aliases; its samples).

        With tuned learning rates the column `rates` says at which ones: `shared`, `own best` or `shared and own best`.
        """
        if self.question.effects:
            factors = self.results.sweep["factors"]
            frame, samples = stats.contrasts(self.wide, self.levels, factors, self.question.effects)
            named = pd.DataFrame({"name": frame["effect"], "arm": pd.NA, "against": pd.NA, "against_label": ""})
            named["aliases"] = frame["aliases"]
        else:
            pairs = list(self.question.pairs)
            several = len({other for _, other in pairs}) > 1 and not self._labeled_so
            named = pd.DataFrame(
                {
                    "name": [self._name(pair, several) for pair in pairs],
                    "arm": [arm for arm, _ in pairs],
                    "against": [other for _, other in pairs],
                    "against_label": [self.names[other] for _, other in pairs],
                    "aliases": "",
                }
            )
            if self.retuned is not None:
                named["rates"] = pd.Series([self.retuned.rates(pair) for pair in pairs], dtype="str")
            samples = stats.paired(self.wide, pairs)
        return named.astype({"name": "str", "arm": "Int64", "against": "Int64", "against_label": "str"}), samples

    @property
    def samples(self) -> pd.DataFrame:
        """What is judged (row, as in `comparisons`) for each seed (column), in points."""
        return self._judged[1]

    @cached_property
    def weights(self) -> pd.DataFrame:
        """How much each arm (column) counts in each comparison (row): differences and effects as sums over arms."""
        if self.question.effects:
            return stats.contrast_weights(self.levels, self.results.sweep["factors"], self.question.effects)
        frame = pd.DataFrame(0.0, index=range(len(self.question.pairs)), columns=list(self.names))
        for row, (arm, other) in enumerate(self.question.pairs):
            frame.loc[row, [arm, other]] = [1.0, -1.0]
        return frame

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """What is judged, with its verdict: `effects.csv`.

        Columns: name; arm, against (missing for effects) and against_label; aliases; rates, where learning rates were tuned;
        those of `stats.estimates` and `stats.verdicts`; those of `stats.new_images`, missing where predictions of a seed or
        true classes are; verdict_new: what the interval for new images would give, empty where there is none; dagger: whether
        that is another verdict.
        """
        named, samples = self._judged
        question = self.question
        estimates = stats.estimates(samples, question.level)
        images = self._new_images
        images = images.where(images["n"] == estimates["n"])  # of fewer seeds it would tell of them, not of the images
        gone = self._diverged_sides
        judged = stats.verdicts(estimates, question.margin, question.metric.better, *gone, images, self._all_diverged)
        wider = estimates.assign(low=images["low_new"], high=images["high_new"])
        other = stats.verdicts(wider, question.margin, question.metric.better, *gone, images)["verdict"]
        told = images["low_new"].notna() & (judged["verdict"] != "no verdict")
        new = pd.DataFrame({"verdict_new": other.where(told, ""), "dagger": told & (other != judged["verdict"])})
        return pd.concat([named, judged, images.drop(columns="n"), new], axis="columns")

    @property
    def _diverged_sides(self) -> tuple["pd.Series[bool]", "pd.Series[bool]"]:
        """For each comparison whether a seed diverged of what it is about, and of what that is compared with.

        Of an interaction neither side is the better one, so both are.
        """
        runs = self.results.runs
        arms = runs[runs["status"] == "diverged"].groupby("arm").size().reindex(list(self.names), fill_value=0)
        first, second = (self.weights.mul(sign).gt(0).mul(arms).sum(axis="columns").gt(0) for sign in (1, -1))
        crossed = pd.Series([len(effect) > 1 for effect in self.question.effects] or False, index=first.index, dtype=bool)
        either = crossed & (first | second)
        return first | either, second | either

    @property
    def _all_diverged(self) -> NDArray[np.bool_]:
        """For each comparison whether each seed that all of its arms were to have diverged in one of them; (comparisons,)."""
        runs, taking_part = self.results.runs, self.weights.to_numpy() != 0  # (comparisons, arms)
        arms, seeds = list(self.names), list(self.results.sweep["seeds"])
        planned, diverged = (
            pd.crosstab(rows["arm"], rows["seed"]).reindex(index=arms, columns=seeds, fill_value=0).to_numpy() > 0
            for rows in (runs, runs[runs["status"] == "diverged"])
        )  # (arms, seeds)
        whole, lost = ~(taking_part @ ~planned), taking_part @ diverged  # (comparisons, seeds)
        return np.asarray((lost & whole).any(axis=1) & (lost | ~whole).all(axis=1))

    @cached_property
    def _predictions(self) -> dict[tuple[int, int], NDArray[np.integer] | None]:
        """The predicted classes of each finished run, by arm and seed; None where they are gone."""
        done = self.results.runs[(self.results.runs["status"] == "done") & self.results.runs["trajectory"].notna()]
        numbered = done[["number", "arm", "seed"]].itertuples(index=False)
        return {(int(arm), int(seed)): self.results.predictions(int(number)) for number, arm, seed in numbered}

    @cached_property
    def correct(self) -> Correct:
        """Whether each evaluation image was classified rightly, by arm and seed; empty where that is not known."""
        labels = self.results.labels
        found: dict[int, dict[int, NDArray[np.bool_]]] = {}
        for (arm, seed), predicted in self._predictions.items():
            if predicted is not None and labels is not None:
                found.setdefault(arm, {})[seed] = predicted == labels
        return found

    @property
    def doubts(self) -> list[str]:
        """Sentences on finished runs that are not what they seem: whose predictions are gone, or of one class alone."""
        lines = []
        gone = sum(predicted is None for predicted in self._predictions.values())
        if gone:
            count = f"{gone:,} of {numbers.counted(len(self._predictions), 'finished run')}"
            lines.append(
                f"The predictions of {count} are damaged or gone, so what needs them is left out: see `ablate runs verify`."
            )
        same = [
            key for key, found in self._predictions.items() if found is not None and len(found) and (found == found[0]).all()
        ]
        if same:
            named = "; ".join(f"{self.names[arm]}, seed {seed}" for arm, seed in same[:FEW])
            more = f"; and {len(same) - FEW} more" if len(same) > FEW else ""
            lines.append(f"These networks give every image the same class, so they have learnt nothing: {named}{more}.")
        return lines

    @cached_property
    def _new_images(self) -> pd.DataFrame:
        known = self.correct if self.question.metric.name == "accuracy" else {}
        return stats.new_images(known, self.weights, self.question.level)

    @cached_property
    def networks(self) -> pd.DataFrame:
        """Pairs of networks compared on the same images; see `stats.networks`. Never a verdict."""
        return stats.networks(self.correct, list(self.question.pairs))

    @cached_property
    def classes(self) -> pd.DataFrame:
        """Differences by class; see `stats.classes`."""
        labels = self.results.labels
        pairs = list(self.question.pairs)
        if labels is None:
            return stats.classes({}, np.zeros(0, dtype=np.int64), [], pairs)
        return stats.classes(self.correct, labels, self.results.class_names, pairs)

    @cached_property
    def places(self) -> int:
        """The decimals of all values and differences of a report."""
        deviations = pd.concat([self.arms["sd"], self.comparisons["sd"]])
        return numbers.decimals(deviations, numbers.MOST_DECIMALS.get(self.question.metric.points, numbers.OTHER_DECIMALS))

    @cached_property
    def noise(self) -> pd.DataFrame:
        """The noise floor; see `stats.noise`. Where effects are judged, its paired differences are those to the baseline."""
        return stats.noise(self.wide, stats.paired(self.wide, self._to_baseline) if self.question.effects else self.samples)

    @property
    def _to_baseline(self) -> list[tuple[int, int]]:
        """Every arm with the baseline, but for those that are one with an earlier one."""
        one = {self.question.baseline, *(int(later) for later, _ in self.results.sweep.get("same_arms", []))}
        return [(arm, self.question.baseline) for arm in self.names if arm not in one]

    @cached_property
    def _contrasts(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        factors = self.results.sweep["factors"]
        if not self.crossed or self.question.effects or sum(len(levels) > 1 for levels in factors.values()) < 2:
            return pd.DataFrame(columns=["effect", "kind", "aliases"]), pd.DataFrame(columns=self.wide.columns)
        return stats.contrasts(self.wide, self.levels, factors)

    @cached_property
    def contrasts(self) -> pd.DataFrame:
        """Main effects and interactions of a factorial design, beside what is judged: no verdicts.

        Their family intervals count these contrasts alone. Columns: effect, kind, aliases, those of `stats.estimates`, level.
        """
        return self._estimated(*self._contrasts)

    @cached_property
    def shapley(self) -> pd.DataFrame:
        """Shapley values of a full two-level factorial; no rows otherwise. Columns as `contrasts`, with factor and change."""
        factors = self.results.sweep["factors"]
        full = self.crossed and len(factors) > 1
        if not full or any(len(levels) != 2 for levels in factors.values()):
            return self._estimated(pd.DataFrame(columns=["factor", "change"]), pd.DataFrame(columns=self.wide.columns))
        return self._estimated(*stats.shapley(self.wide, self.levels, factors))

    def _estimated(self, frame: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
        level = stats.family_level(max(1, len(samples)), self.question.looks)
        return pd.concat([frame, stats.estimates(samples, level)], axis="columns")

    @cached_property
    def over_training(self) -> pd.DataFrame:
        """The differences at every evaluation; see `stats.over_training`. No verdict."""
        metric = self.question.metric
        scaled = self.results.evaluations.assign(value=metric.scale * self.results.evaluations[metric.evaluation_column])
        return stats.over_training(scaled, list(self.question.pairs))

    @property
    def target(self) -> float:
        """The accuracy in % that was asked for, else the lowest of the arms' means, rounded down; NaN without a run."""
        if self.question.target is not None:
            return self.question.target
        accuracies = self.results.runs.groupby("arm")["accuracy"].mean()
        return float(np.floor(100 * accuracies.min()))

    @cached_property
    def reach(self) -> pd.DataFrame:
        """When each arm reaches `target`; see `stats.reach`."""
        return stats.reach(self.results.runs, self.results.evaluations, self.target)

    @cached_property
    def published(self) -> pd.DataFrame:
        """Published accuracies beside ours, no rows for another metric; see `results.published`."""
        found = published(self.results, self.wide)
        return found if self.question.metric.name == "accuracy" else found.iloc[:0]

    @cached_property
    def sizes(self) -> pd.DataFrame:
        """What arms may differ in besides their factors: a row an arm, a column each of `confounds.QUANTITIES`.

        Numbers, and a text for the input; missing where it is not known. Steps are those that the arm is read at.
        """
        runs = self.results.runs.sort_values("status", key=lambda status: status != "done", kind="stable")  # they tell most
        first = runs.groupby("arm")[[INPUT, "parameters", "operations", "steps_per_epoch", "batch_size"]].first()
        told: dict[int, dict[str, Any]] = {}
        for arm, path in runs.loc[runs["trajectory"].notna(), ["arm", "trajectory"]].itertuples(index=False):
            one = self.results.trained.get(path)
            if arm not in told and one is not None and one.config is not None:
                told[arm] = confounds.of_training(one.config)
        frame = first.reindex(list(self.names))
        for what in ("learning_rate", "training_images"):
            frame[what] = pd.Series({arm: one[what] for arm, one in told.items()}, dtype="float64").reindex(frame.index)
        frame["steps"] = list(self.question.steps)
        frame["epochs"] = frame["steps"] / frame["steps_per_epoch"]
        return frame[list(confounds.WORDS)]

    @cached_property
    def confounds(self) -> pd.DataFrame:
        """What each compared arm changes besides its factor.

        Columns: arm, against, label, what, before, after (text or number), by: relative change, missing where it has none.
        """
        sizes: dict[int, dict[str, Any]] = self.sizes.to_dict("index")  # type: ignore[assignment]
        rows: list[dict[str, Any]] = []
        for arm, other in self.question.pairs if self.retuned is None else self.retuned.shared_pairs:
            for what in confounds.news(self._switched(arm, other)):
                before, after = sizes[other][what], sizes[arm][what]
                if pd.isna(before) or pd.isna(after) or not confounds.differ(before, after):
                    continue
                by = None if isinstance(after, str) else float(after) / float(before) - 1
                row = {"arm": arm, "against": other, "label": self.names[arm], "what": what, "before": before, "after": after}
                rows.append({**row, "by": by})
        types = {"arm": "int64", "against": "int64", "label": "str", "what": "str", "by": "float64"}
        return pd.DataFrame(rows, columns=["arm", "against", "label", "what", "before", "after", "by"]).astype(types)

    def _switched(self, arm: int, other: int) -> set[str]:
        """The factors that differ between two arms."""
        return {name for name in self.results.factors if bool(self.levels[name][arm] != self.levels[name][other])}

    @cached_property
    def compute(self) -> dict[str, Any]:
        """What all of it cost: runs and trainings by status, and seconds of training in all, of the longest and on average.

        `timed` trainings are counted in these seconds. `untimed` ones were begun and have no evaluation, so no time is known.
        """
        trainings, runs = self.results.trainings, self.results.runs
        timed = trainings["seconds"].notna()
        return {
            "runs": {str(status): int(count) for status, count in runs["status"].value_counts().items()},
            "trainings": {str(status): int(count) for status, count in trainings["status"].value_counts().items()},
            "timed": int(timed.sum()),
            "untimed": int((~timed & ~trainings["status"].isin(["missing", "new"])).sum()),
            "seconds": float(trainings["seconds"].sum()),
            "longest_seconds": float(trainings["seconds"].max()),
            "mean_seconds": float(trainings["seconds"].mean()),
        }

    @property
    def begun_earlier(self) -> int | None:
        """How many trainings were begun before the sweep was planned; None where that is not known."""
        trainings, runs = self.results.trainings, self.results.runs
        fixed_at = self.results.sweep.get("fixed_at")
        if fixed_at is None:
            return None
        earlier = int((trainings["begun"] < fixed_at).sum())
        begun = set(runs.loc[runs["status"] != "missing", "fingerprint"])
        known = trainings.loc[trainings["fingerprint"].isin(begun), "begun"].notna().all()
        return earlier if earlier or known else None

    @property
    def earlier(self) -> str:
        """A sentence on the trainings that were there before the plan; empty where there is none, or that is not known."""
        if not self.begun_earlier:
            return ""
        count = numbers.counted(len(self.results.trainings), "training")
        were = "was" if self.begun_earlier == 1 else "were"
        return (
            f"{self.begun_earlier} of {count} {were} begun before this sweep was planned: who saw them before had a look "
            "that is not counted."
        )

    @property
    def interim(self) -> str:
        """A sentence on a sweep that is not finished; empty for one that is, and for what was never planned as one."""
        runs, sweep = self.results.runs, self.results.sweep
        missing = int((runs["status"] == "missing").sum())
        if not missing or sweep["design"] == designs.STORE or list(self.question.steps) != list(sweep["fixed"]["step"]):
            return ""
        count = f"{missing:,} of {numbers.counted(len(runs), 'run')} {'is' if missing == 1 else 'are'}"
        return f"Interim: {count} not there yet; looking now is a look that was not planned."


def analyse(results: Results, question: Question) -> Analysis:
    """What a sweep shows; see `Analysis`."""
    return Analysis(results, question)
