"""Words of a command line before they are composed: what they say is what happens, or they are refused in one clear line."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.config import overrides, own_configs
from ablate.config.overrides import parse_all, texts
from ablate.config.own_configs import KEYS
from ablate.config.syntax import parse, parses
from ablate.errors import ALIASES, AblateError, nearest, shown
from ablate.planning import plan


def refused(words: Sequence[str], sweep: bool = True, config_dir: str | None = None) -> str:
    with pytest.raises(AblateError) as refusal:
        overrides.read(words, config_dir, sweep)
    message = str(refusal.value)
    assert len(message.splitlines()) == 1
    return message


# ranges


@pytest.mark.parametrize(
    ("word", "levels"),
    [
        ("range(0.01,0.05,0.01)", "0.01,0.02,0.03,0.04"),
        ("range(0.1,0.5,0.1)", "0.1,0.2,0.3,0.4"),
        ("range(0,1,0.25)", "0.0,0.25,0.5,0.75"),
        ("range(0.5,0.1,-0.1)", "0.5,0.4,0.3,0.2"),
        ("range(0,1,0.3)", "0.0,0.3,0.6,0.9"),
        ("range(0,5)", "0,1,2,3,4"),
        ("range(5,0,-2)", "5,3,1"),
        ("range(3)", "0,1,2"),
        ("sort(range(0,1,0.3),reverse=true)", "0.9,0.6,0.3,0.0"),
        ("sort(range(3,0,-1))", "1,2,3"),
        ("float(range(0,2))", "0.0,1.0"),
    ],
)
def test_the_end_of_a_range_is_not_in_it(word: str, levels: str) -> None:
    [factor] = plan.parse(parse_all([f"lr={word}"])).factors if "," in levels else []
    assert ",".join(factor.levels) == levels
    shuffled = texts(parse(f"lr=shuffle({word})")) if word.startswith("range") else factor.levels
    assert sorted(shuffled) == sorted(factor.levels)


@settings(max_examples=25)
@given(st.integers(0, 50), st.integers(1, 50), st.integers(1, 30), st.sampled_from([1, 2, 3]))
def test_ranges_are_arithmetic_in_the_digits_written(start: int, step: int, count: int, digits: int) -> None:
    unit = 10**digits
    word = f"lr=range({start / unit},{(start + count * step) / unit},{step / unit})"
    assert texts(parse(word)) == [str(float((start + place * step) / unit)) for place in range(count)]


@pytest.mark.parametrize(
    "word", ["lr=range(0,1,0)", "lr=range(1,0)", "lr=range(0.5,0.5,0.1)", "seed=range(0,1e12)", "lr=range(0,inf,1)"]
)
def test_a_range_without_numbers_is_refused(word: str) -> None:
    assert "range" in refused(["data=digits", word])


# twice


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["lr=0.1", "lr=0.2"],
            "lr is given twice: lr=0.1 lr=0.2. Keep one of them, or list the values to sweep over them: lr=0.1,0.2.",
        ),
        (["lr=0.1", "+lr=0.2"], "lr is given twice: lr=0.1 +lr=0.2."),
        (["lr=0.1", "++lr=0.1"], "lr is given twice: lr=0.1 ++lr=0.1. Keep one of them."),
        (["augment=on,off", "augment=center"], "augment=on,off,center."),
        (["lr=0.1", "optimizer.lr=0.2"], "lr is given twice: lr=0.1 optimizer.lr=0.2."),
        (["data.validation=5", "data.validation=6"], "data.validation is given twice"),
        (["store=a", "store=b"], "store is given twice: store=a store=b. Keep one of them."),
        (["study=lrn", "study=fc"], "study is given twice: study=lrn study=fc. Keep one of them."),
        (["report={margin:1}", "report.margin=2"], "report.margin is given twice, also by report"),
        (["~study", "study=lrn"], "study is given twice"),
        (["hydra.sweep.dir=a", "hydra.sweep.dir=b"], "hydra.sweep.dir is given twice"),
        ([f"seed={number}" for number in range(5)], "Write 'seed=range(0,5)' or seed=0,1,2,3,4."),
        (["lr=0.1", "lr=0.2", "lr=0.3"], "lr is given 3 times"),
    ],
)
def test_a_key_is_given_once(words: list[str], told: str) -> None:
    assert told in refused(words)


def test_a_level_and_a_change_of_it_are_two_keys() -> None:
    words = ["augment=on", "augment.flip=false", "optimizer=adam", "lr=0.1", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=3"]
    assert [overrides.name(word) for word in overrides.read(words, None, True)] == [word.partition("=")[0] for word in words]


# levels


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (
            "augment=flipp",
            "Unknown augment level 'flipp'. Choose from center, crop, flip, off, on, photometric. Did you mean 'flip'?",
        ),
        ("augment=on,offf", "Unknown augment level 'offf'."),
        ("ema=[on,off]", "ema takes one level, got a list: ema=[on,off]. To compare several, sweep: -m ema=on,off."),
        ("ema=[on]", "ema takes one level, got a list"),
        ("ema=[on],[off]", "ema takes one level, got a list"),
        ("ema=True", "Unknown ema level true. Choose from off, on. Did you mean 'on'?"),
        ("ema=on,false", "Unknown ema level false. Choose from off, on. Did you mean 'off'?"),
        ("weight_decay=1e-4", "To set a number, write weight_decay.rate=0.0001."),
        ("fc=1", "Unknown fc level 1. Choose from gap, native, none, one, two."),
        ("augment=null", "Unknown augment level null."),
        ("augment=", "augment has no value. Choose from center"),
        ("augment={flip:true}", "To change one key, write augment.flip=VALUE."),
        ("model=Alex4", "Did you mean 'alex4'?"),
        ("optimizer=adm", "Unknown optimizer 'adm'. Choose from adam, momentum, sgd. Did you mean 'adam'?"),
        ("+augment=on", "augment is in the config already. Write augment=VALUE without '+'."),
        ("~augment", "~augment deletes augment, which every run needs."),
        ("~lr=0.1", "~lr=0.1 deletes lr"),
    ],
)
def test_a_level_is_one_of_its_group(word: str, told: str) -> None:
    assert told in refused(["data=digits", word])


@pytest.mark.parametrize(
    "word", ["study=null", "augment='off'", 'model="alex4"', "model=glob(alex*)", "augment=${x}", "lr=${seed}", "~study"]
)
def test_other_ways_to_write_a_level_stay(word: str) -> None:
    assert len(overrides.read(["data=digits", word], None, True)) == 2


@pytest.mark.parametrize("key", ["store", "data.path", "data.archive", "hydra.sweep.dir", "hydra.run.dir", "lr", "question"])
@pytest.mark.parametrize("value", ["", "''", '" "', " "])
def test_an_empty_value_is_refused(key: str, value: str) -> None:
    assert f"{key} has no value. Write {key}=" in refused([f"{key}={value}"])


def test_an_environment_variable_of_a_job_may_be_empty() -> None:
    assert overrides.read(["+hydra.job.env_set.X="], None, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ema=on,off"], "ema=on,off has several values, which is a sweep. Add -m, as in ablate -m ema=on,off."),
        (["seed=range(0,3)"], "which is a sweep. Add -m"),
        (["report.formats=html,csv"], "report.formats takes one list. Write report.formats=[html,csv]."),
        (["store=a,b"], "To take it as one text, quote the value"),
    ],
)
def test_several_values_are_for_sweeps(words: list[str], told: str) -> None:
    assert told in refused(words, sweep=False)
    assert overrides.read([*words, "hydra.mode=MULTIRUN"], None, sweep=False)


# grammar


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["augment=on,", "off"], "augment=on, ends with a comma, and off stands alone. Write augment=on,off without spaces."),
        (["augment=on,"], "augment=on,: it ends with a comma."),
        (["lr=", "0.1"], "lr= and 0.1 are separate words. Write lr=0.1 without spaces."),
        (["lr", "=0.1"], "are separate words"),
        (["lr", "0.1"], "lr has no value. Write lr=0.1."),
        (
            ["data.path=größe.npz"],
            "'ö' at character 13 is not expected there. To take it as text, quote the value: 'data.path=\"größe.npz\"'.",
        ),
        (["data.path=a#b.npz"], "'#' at character 12"),
        (["lr=\u22120.1"], "character 4 is U+2212, a dash other than '-'. Write lr=-0.1."),
        (["lr=0.1\u00a0"], "character 7 is U+00A0, a no-break or wide space. Write lr=0.1."),
        (["lr=\u201c0.1\u201d"], "character 4 is U+201C, a curly quote."),
        (["lr=0.1\n"], "a line break. Write lr=0.1."),
        (["lr=[1,2"], "it has no closing ']'."),
        (["lr='0.1"], "the quote ' at character 4 is not closed"),
        (["seed={0..4}"], "Write 'seed=range(0,5)'."),
        (["lr={0.1,0.2}"], "Write lr=0.1,0.2 for several values."),
        (["lr=intervall(0,1)"], "Unknown function 'intervall' in lr=intervall(0,1). Choose from range, interval"),
        (["lr=interval(0.1)"], "Cannot read lr=interval(0.1). Write interval(LOW,HIGH)."),
        (["größe=1"], "'ö' at character 3 cannot be in a key."),
        (["=3"], "it has no key"),
        (["steps=" + 5000 * "9"], "the number has too many digits"),
        (["lr=" + 3000 * "["], "Cannot read lr="),
        (["seed_ladder"], "Did you mean study=seed_ladder?"),
        ([""], "Cannot read"),
    ],
)
def test_a_word_that_cannot_be_read_is_told_with_the_place_and_how_to_write_it(words: list[str], told: str) -> None:
    assert told in refused(words)


@settings(max_examples=25)
@given(st.text(max_size=20))
def test_whatever_is_typed_is_parsed_as_hydra_does_or_refused_in_one_line(text: str) -> None:
    word = f"data.path={text}"
    if parses(word):
        assert parse(word) == OverridesParser.create().parse_override(word)
        return
    with pytest.raises(AblateError, match=r"data\.path") as refusal:
        parse(word)
    assert len(str(refusal.value).splitlines()) == 1
    suggested = re.search(r"quote the value: (.*)\.$", str(refusal.value))
    assert suggested is None or parses(*shlex.split(suggested[1]))


# keys


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("lrate=0.1", "Unknown key 'lrate'. Did you mean lr?"),
        ("lrate=0.1,0.2", "Unknown key 'lrate'. Did you mean lr?"),
        ("+new=1", "Unknown key 'new'. The keys of the config are data, augment"),
        ("batchsize=3", "Did you mean batch_size?"),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest(word: str, told: str) -> None:
    assert told in refused(["data=digits", word])


def test_what_others_call_a_key_is_no_key_itself() -> None:
    assert set(ALIASES.values()) <= set(KEYS)
    assert not set(ALIASES) & set(KEYS)


@pytest.mark.parametrize(
    ("word", "choices", "found"),
    [
        ("flipp", ["flip", "off"], "flip"),
        ("FLIP", ["flip"], "flip"),
        ("flip", ["flip"], None),
        ("x", ["flip"], None),
        ("photo", ["on", "photometric"], "photometric"),
    ],
)
def test_the_nearest_choice_is_never_the_word_itself(word: str, choices: list[str], found: str | None) -> None:
    assert nearest(word, choices) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, "null"),
        ("a\nb", r"'a\nb'"),
        ([1, "a"], "[1,a]"),
        ({"a": None}, "{a:null}"),
    ],
)
def test_values_are_shown_as_users_write_them(value: object, text: str) -> None:
    assert shown(value) == text
    assert len(shown("x" * 5000)) < 100
    assert shown(10**5000) == "a number of about 5,000 digits"


# files of one's own


def own(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / "my" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


BOMB = [f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)]
STUDY = "# @package _global_\nhydra:\n  sweeper:\n    params:\n      data: digits\n"


@pytest.mark.parametrize("group", ["model", "augment", "data", "study"])
def test_a_file_of_a_built_in_name_is_refused_unless_it_is_the_same(group: str, tmp_path: Path) -> None:
    built_in = own_configs.levels(group)[0]
    content = (own_configs.conf_dir() / group / f"{built_in}.yaml").read_bytes()
    path = own(tmp_path, f"{group}/{built_in}.yaml", content)
    assert own_configs.folders(str(tmp_path / "my")) == (tmp_path / "my",)
    path.write_bytes(content + b"# changed\n")
    for words, folder in ((["data=digits"], str(tmp_path / "my")), ([f"hydra.searchpath=[file://{tmp_path}/my]"], None)):
        message = refused(words, config_dir=folder)
        assert f"{path} has the name of the built-in {group}={built_in}. Rename it, as to my_{built_in}.yaml" in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (STUDY + "      augment: off\n", 'line 6: YAML reads off as a boolean. Write augment: "off".'),
        (STUDY + "      augment: [on, off]\n", 'line 6: augment must be a text, not a list. Write augment: "on,off".'),
        (STUDY + "      augment: flipp\n", "line 6: Unknown augment level 'flipp'."),
        (STUDY + "      lrate: 0.1\n", "line 6: Unknown key 'lrate'. Did you mean lr?"),
        (STUDY + '      store: ""\n', "line 6: store has no value."),
        (STUDY + "      data: digits\n", "line 6: data is there twice, also in line 5. Keep one."),
        (STUDY + "\tlr: 1\n", "line 6: a tab, where YAML allows only spaces."),
        (STUDY + "      lr: 'a\n", "a quote that is not closed."),
        (STUDY + "defaults: [on]\n", 'line 6: YAML reads on as a boolean. Write - "on".'),
        (STUDY + "defaults:\n  - override /ema: off\n", 'line 7: YAML reads off as a boolean. Write override /ema: "off".'),
        (STUDY.partition("\n")[2], "'# @package _global_' is missing: it must be its first line"),
        ("# mine\n" + STUDY, "'# @package _global_' must be its first line"),
        (STUDY.replace("params", "parms"), "has no hydra: sweeper: params:"),
        (STUDY.encode("utf-16"), "is UTF-16. Save it as UTF-8."),
        (STUDY.encode("utf-8-sig"), "begins with a byte order mark."),
        (f"# größe\n{STUDY}".encode("latin-1"), "line 1: a character that is not UTF-8."),
        ("", "is empty."),
        ("- a\n", "line 1: expected KEY: VALUE, got a list."),
        (
            STUDY + "a: &a [0,0,0,0,0,0,0,0,0,0]\n" + "".join(BOMB),
            "has more than 100,000 values, written out without '*' and '&'.",
        ),
    ],
)
def test_a_file_that_says_something_else_than_it_seems_is_refused_by_line(text: str | bytes, told: str, tmp_path: Path) -> None:
    path = own(tmp_path, "study/mine.yaml", text)
    message = refused(["study=mine"], config_dir=str(tmp_path / "my"))
    assert message.startswith(str(path))
    assert told in message


def test_a_file_that_is_no_config_by_its_size_is_not_read(tmp_path: Path) -> None:
    path = own(tmp_path, "study/mine.yaml", f"# {'x' * 2**20}\n{STUDY}")
    message = refused(["study=mine"], config_dir=str(tmp_path / "my"))
    assert message.startswith(f"Cannot read {path}: it has 1,048,6")


def test_a_study_may_have_what_is_no_level(tmp_path: Path) -> None:
    more = '      progress: false\n      augment.flip: true\n      retune_rates: [0.5,1]\n      lr: 1e-3\n      ema: "on,off"\n'
    own(tmp_path, "study/sub/mine.yaml", (STUDY + more).replace("\n", "\r\n"))
    own(tmp_path, "study/other.yaml", "# @package _global_\ndefaults:\n  - lrn\n  - _self_\n")
    assert overrides.read(["study=sub/mine"], str(tmp_path / "my"), True)
    assert overrides.read(["study=other"], str(tmp_path / "my"), True)


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("model/mine.yml", "my", "my/model/mine.yml: it must end with .yaml."),
        ("models/mine.yaml", "my", "Move my/models/mine.yaml into my/model."),
        ("model/mine.yaml", "my/model", "'my/model' holds levels of model itself. Name the folder above it: -cd my."),
        ("model/mine.yaml", "myy", "The folder 'myy', which -cd names, does not exist. Did you mean 'my'?"),
        ("model/mine.yaml", "my/model/mine.yaml", "is a file."),
        ("model/mine.yaml", " ", "-cd has no value."),
    ],
)
def test_a_file_or_folder_in_the_wrong_place_is_found(
    name: str, given: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own(tmp_path, name, "layers: []\n")
    assert told in refused(["data=digits", "model=mine"], config_dir=given)
