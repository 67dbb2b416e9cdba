"""The law of looking again: keys, levels, lists of seeds, and what all looks together may spend."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.confidence import LEVEL
from ablate.planning.look_law import (
    Decision,
    Row,
    arm_key,
    bound,
    comparison_key,
    decide,
    family_key,
    history,
    keeps,
    level_of,
    look_key,
    nearest,
)
from ablate.store.look_lines import Entry, Ledger

CONTENT = {"version": 3, "data": {"digest": "d1"}, "model": [{"conv": 8}], "seed": 0}
seed_lists = st.lists(st.integers(0, 8), min_size=1, max_size=6, unique=True)
weights = st.dictionaries(st.sampled_from("abcdef"), st.integers(-4, 4).map(float), min_size=1)


def rows_of(keys: Sequence[str], seeds: Sequence[int], last: int = 1, family: str | None = None) -> list[Row]:
    found = []
    for key in keys:
        runs = [((seed, f"{key}{arm}{seed}", "raw", 100), weight) for seed in seeds for arm, weight in ((0, -1.0), (1, 1.0))]
        of_one = comparison_key("accuracy", [(f"{key}0", -1.0), (f"{key}1", 1.0)])
        found.append(Row(of_one, look_key("accuracy", last, runs), (0, 1), family))
    return found


class Book:
    """A ledger that is kept in memory."""

    def __init__(self) -> None:
        self.ledger, self.unread, self.count = Ledger(), set[str](), 0

    def look(self, keys: Sequence[str], seeds: Sequence[int], read: bool = True, **given) -> Decision:
        decision = decide(rows_of(keys, seeds, **given), seeds, self.ledger, lambda look: look.entry.check in self.unread)
        self.count += 1
        check = f"{self.count:016x}"
        gone = {(each, look) for each, looks in decision.withdrawn.items() for look in looks}
        entries = self.ledger.entries
        if decision.new:
            prints = (tuple("0" for _ in seeds),) * 2
            readouts = (("raw", 100),) * 2
            entry = Entry(
                "-".join(keys), "accuracy", 0.5, tuple(seeds), 1, len(keys), readouts, prints, decision.new, 5, check=check
            )
            entries = (*entries, entry)
            self.unread |= set() if read else {check}
        self.ledger = Ledger(entries, self.ledger.withdrawn | gone)
        return decision

    def bound(self, decision: Decision) -> float:
        return bound([history(self.ledger, self.ledger.find(row.look)) for row in decision.rows])


@given(weights, st.sampled_from([2.0, -0.5, 1 / 3, -7.0]), st.randoms())
def test_a_common_factor_and_the_order_of_arms_change_no_comparison(given_weights, factor, random):
    scaled = [(arm, factor * weight) for arm, weight in given_weights.items()]
    random.shuffle(scaled)
    assert comparison_key("accuracy", scaled) == comparison_key("accuracy", given_weights.items())
    assert comparison_key("loss", scaled) != comparison_key("accuracy", scaled)


def test_what_makes_another_arm_makes_another_comparison_and_a_seed_does_not():
    first = arm_key(CONTENT, "test", "raw", 100)
    assert arm_key(CONTENT | {"seed": 7}, "test", "raw", 100) == first
    others = [
        arm_key(CONTENT | {"data": {"digest": "d2"}}, "test", "raw", 100),
        arm_key(CONTENT, "validation", "raw", 100),
        arm_key(CONTENT, "test", "averaged", 100),
        arm_key(CONTENT, "test", "raw", 200),
        arm_key(CONTENT | {"model": []}, "test", "raw", 100),
    ]
    assert len({first, *others}) == 6
    assert comparison_key("accuracy", [("a", 1.0), ("b", -1.0)]) != comparison_key("accuracy", [("a", 1.0), ("c", -1.0)])


def test_an_effect_weighs_all_arms_so_that_one_arm_more_is_another_comparison():
    two = comparison_key("accuracy", [("a", 0.5), ("b", 0.5), ("c", -0.5), ("d", -0.5)])
    other_sign = comparison_key("accuracy", [("a", 0.5), ("b", -0.5), ("c", 0.5), ("d", -0.5)])
    assert len({two, other_sign, comparison_key("accuracy", [("a", 1.0), ("c", -1.0)])}) == 3


def test_each_further_look_has_half_the_level_and_the_same_look_keeps_its_own():
    book = Book()
    assert [row.level for row in book.look("xyz", (0, 1, 2)).rows] == [level_of(3, 0)] * 3
    again = book.look("x", (0, 1, 2, 3, 4))
    assert [(row.earlier, row.judged, row.level) for row in again.rows] == [(1, 3, level_of(3, 1))]
    assert [row.level for row in book.look("x", (0, 1, 2)).rows] == [level_of(3, 0)]
    assert book.look("x", (7, 8, 9)).rows[0].earlier == 2
    assert book.look("x", (0, 1, 2, 3, 4, 7, 8, 9), last=10).rows[0].level == level_of(3, 3)


def test_arms_that_are_added_share_with_all_rows_of_the_sweep():
    book = Book()
    book.look("x", (0, 1, 2))
    added = book.look("xyz", (0, 1, 2))
    assert added.known == (True, False, False)
    assert [row.level for row in added.rows] == [level_of(1, 0), level_of(3, 0), level_of(3, 0)]
    assert book.bound(added) == pytest.approx(0.05 + 2 * 0.05 / 3)


def test_one_seed_spends_nothing_and_binds_the_lists_that_follow():
    book = Book()
    assert book.look("x", (3,)).rows[0].earlier == 0
    assert book.look("x", (0, 3)).rows[0].level == 0.05
    assert not book.look("x", (4, 5)).exploratory
    bound_by_it = book.look("x", (0, 1, 2))
    assert (bound_by_it.missing, bound_by_it.nearest) == ((3, 4, 5), (1, 2))
    assert bound_by_it.new == ()


def test_a_look_of_which_no_run_ended_is_withdrawn_by_another_one():
    book = Book()
    book.look("xy", (0, 1, 2), read=False)
    other = book.look("x", (1, 2, 3))
    assert (other.exploratory, other.rows[0].earlier) == (False, 0)
    assert [len(looks) for looks in other.withdrawn.values()] == [1]
    assert book.look("y", (0, 1, 2)).known == (True,)
    assert book.look("x", (0, 1, 2)).missing == (3,)


def test_all_winners_of_one_default_are_counted_whatever_their_settings():
    book, family = Book(), family_key("accuracy", "default")
    assert book.look("x", (5, 6, 7), family=family).rows[0].level == 0.05
    second = book.look("y", (6, 7), family=family)
    assert (second.exploratory, second.rows[0].level) == (False, 0.0125)
    assert book.bound(second) == pytest.approx(0.075)


def test_the_bound_is_that_of_the_text_for_one_look_two_and_rows_of_two_sweeps():
    book = Book()
    assert book.bound(book.look("xyz", (0, 1, 2))) == pytest.approx(0.05)
    assert book.bound(book.look("xyz", (0, 1, 2, 3, 4))) == pytest.approx(0.075)
    book.look("uv", (0, 1, 2))
    assert book.bound(book.look("xuv", range(6))) == pytest.approx((2 - 0.25) * 0.1)


@given(st.lists(seed_lists, max_size=4), seed_lists)
def test_the_nearest_list_keeps_the_promise_and_a_list_that_does_is_its_own(seen, seeds):
    found = nearest(seeds, seen)
    assert all(keeps(found, each) for each in seen)
    assert set(found) & set(seeds)
    if all(keeps(seeds, each) for each in seen):
        assert found == tuple(sorted(seeds))


looked = st.lists(st.tuples(st.sets(st.sampled_from("uvwxyz"), min_size=1), seed_lists), min_size=1, max_size=8)


@given(looked)
def test_whatever_is_looked_at_the_levels_sum_to_no_more_than_is_printed(looks):
    book = Book()
    for keys, seeds in looks:
        decision = book.look(sorted(keys), tuple(seeds))
        if decision.exploratory:
            continue
        told = {}
        for row in decision.rows:
            for look in history(book.ledger, book.ledger.find(row.look)):
                told[look.row.look] = look.row.level
                if len(look.entry.seeds) > 1:
                    assert look.row.level <= LEVEL / look.row.judged
        assert sum(told.values()) <= book.bound(decision) * (1 + 1e-9)
        for row in decision.rows:
            before = [look for look in book.ledger.of(row.key) if len(look.entry.seeds) > 1]
            first = before[0].row.judged if before else row.judged
            assert sum(look.row.level for look in before) < 2 * LEVEL / first


@given(looked)
def test_no_list_that_counts_has_some_seeds_of_an_earlier_look_and_lacks_others(looks):
    book = Book()
    for keys, seeds in looks:
        book.look(sorted(keys), tuple(seeds))
    for key in {look.row.key for look in book.ledger.looks}:
        seen: set[int] = set()
        for look in book.ledger.of(key):
            assert keeps(look.entry.seeds, seen)
            seen |= set(look.entry.seeds)
