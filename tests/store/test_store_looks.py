"""The looks of a store: written, read where lines are damaged, verified, spared, packed and united."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ablate.commands import runs
from ablate.store import looks
from ablate.store.look_lines import Compared, Entry, Ledger, parsed
from ablate.store.looks import LOOKS

KEYS = [f"{number:016x}" for number in range(40)]


def entry(seeds: tuple[int, ...] = (0, 1), key: int = 0, look: int = 10, sweep: str = "ladder-1") -> Entry:
    rows = (Compared(KEYS[key], KEYS[look], (0, 1), 0, 3, 0.05 / 3),)
    prints = tuple(tuple(f"{arm}{seed:015x}" for seed in seeds) for arm in "ab")
    return Entry(sweep, "accuracy", 0.5, seeds, 1, 3, (("raw", 100), ("raw", 100)), prints, rows, 1_700_000_000)


def test_an_entry_of_an_unknown_data_set_and_one_of_a_known_are_read(tmp_path):
    known = replace(entry((3, 4), look=12), evaluation_set="test", data="d1")
    enter(tmp_path, entry(), known)
    assert plain(looks.read(tmp_path)) == [entry(), known]


def enter(store: Path, *entries: Entry, withdrawn: dict[str, list[str]] | None = None) -> None:
    with looks.entering(store) as ledger:
        looks.add(store, ledger, entries, withdrawn or {})


def plain(ledger: Ledger) -> list[Entry]:
    return [replace(each, check="") for each in ledger.entries]


def test_what_was_entered_is_read_in_order_and_each_look_once(tmp_path):
    assert looks.read(tmp_path) == Ledger()
    enter(tmp_path, entry(), entry((0, 1, 2), look=11))
    enter(tmp_path, entry(sweep="again"))
    ledger = looks.read(tmp_path)
    assert plain(ledger) == [entry(), entry((0, 1, 2), look=11), entry(sweep="again")]
    assert [each.entry.seeds for each in ledger.of(KEYS[0])] == [(0, 1), (0, 1, 2)]
    assert ledger.find(KEYS[10]).entry.sweep == "ladder-1"
    assert (ledger.damaged, ledger.begun_at is not None) == ((), True)
    assert list(ledger.entries[0].runs(ledger.entries[0].comparisons[0]))[1] == ("a000000000000001", "raw", 100)


def test_what_was_withdrawn_does_not_count_until_it_is_entered_again(tmp_path):
    enter(tmp_path, entry())
    [first] = looks.read(tmp_path).entries
    enter(tmp_path, entry((5, 6), look=11), withdrawn={first.check: [KEYS[10]]})
    assert [each.entry.seeds for each in looks.read(tmp_path).of(KEYS[0])] == [(5, 6)]
    enter(tmp_path, replace(entry(), entered_at=1_700_000_001))
    assert [each.entry.seeds for each in looks.read(tmp_path).of(KEYS[0])] == [(5, 6), (0, 1)]


def test_that_a_run_of_a_look_has_ended_is_noted_once(tmp_path):
    enter(tmp_path, entry(), entry((0, 1, 2), look=11))
    for _ in range(2):
        looks.note_ended(tmp_path, {KEYS[11], KEYS[12]})
    ledger = looks.read(tmp_path)
    assert ledger.ended == {ledger.entries[1].check}
    assert len(ledger.texts) == 4


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_line_was_changed_to_the_others_are_read_and_it_is_named(tmp_path_factory, data):
    store = tmp_path_factory.mktemp("store")
    enter(store, entry(), entry((0, 1, 2), look=11), entry((0, 1, 2, 3), look=12))
    lines = (store / LOOKS).read_bytes().splitlines()
    number = data.draw(st.integers(1, len(lines) - 1))
    lines[number] = data.draw(st.binary(min_size=1, max_size=200).filter(lambda text: b"\n" not in text))
    (store / LOOKS).write_bytes(b"\n".join(lines) + b"\n")
    ledger = looks.read(store)
    assert ledger.damaged == (number + 1,)
    assert len(ledger.entries) == 2


def test_a_torn_line_is_left_behind_and_the_next_begins_a_line_of_its_own(tmp_path):
    enter(tmp_path, entry())
    whole = (tmp_path / LOOKS).read_bytes()
    (tmp_path / LOOKS).write_bytes(whole + whole.splitlines()[-1][:-20])
    assert looks.read(tmp_path).damaged == (3,)
    enter(tmp_path, entry((0, 1, 2), look=11))
    assert plain(looks.read(tmp_path)) == [entry(), entry((0, 1, 2), look=11)]


def test_verify_names_what_is_damaged_and_rm_and_gc_leave_the_looks_alone(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = tmp_path / "runs"
    enter(store, entry())
    assert runs.run(["verify"]) == 0
    assert LOOKS not in capsys.readouterr().out
    before = (store / LOOKS).read_bytes()
    assert runs.run(["gc", "--yes"]) == 0
    assert (store / LOOKS).read_bytes() == before
    (store / LOOKS).write_bytes(before[:-9] + b'00000"}\n')
    assert runs.run(["verify"]) == 1
    assert "looks.jsonl: line 2 not as written" in capsys.readouterr().out


def test_two_stores_are_united_without_saying_anything_twice(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    enter(one, entry(), entry((0, 1, 2), look=11))
    assert looks.unite(other, (one / LOOKS).read_bytes()) == 2
    assert (other / LOOKS).read_bytes() == (one / LOOKS).read_bytes()
    enter(other, entry((7, 8), look=12))
    assert looks.unite(one, (other / LOOKS).read_bytes()) == 1
    assert looks.unite(one, (other / LOOKS).read_bytes()) == 0
    assert looks.read(one).looks == looks.read(other).looks


def test_a_pack_has_the_looks_at_what_its_sweep_compares_and_no_others(tmp_path):
    mine, longer, foreign = entry(), entry((0, 1, 2), look=11), entry(key=1, look=12, sweep="other")
    enter(tmp_path, mine, longer, replace(foreign, fingerprints=(("c0", "c1"), ("d0", "d1"))))
    own = {one for arm in mine.fingerprints for one in arm}
    assert plain(parsed(looks.packed(tmp_path, own))) == [mine, longer]
    assert looks.packed(tmp_path, {"e0"}) == b""


@pytest.mark.parametrize("change", [{"seeds": [0, True]}, {"level": 2.0}, {"arms": [7]}, {"key": "../x"}, {"margin": "wide"}])
def test_what_no_version_wrote_is_no_entry_though_its_checksum_fits(tmp_path, change):
    content = entry().to_json()
    for part in (content, content["comparisons"][0]):
        part.update({key: value for key, value in change.items() if key in part})
    (tmp_path / LOOKS).write_bytes(looks._line(content))
    assert looks.read(tmp_path).damaged == (1,)
