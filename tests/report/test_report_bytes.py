"""A report is the same bytes whoever writes it, with whatever settings, locale, clock and terminal."""

import subprocess
import sys
from pathlib import Path

import pytest

RC = """
text.usetex: True
font.family: serif
font.size: 23
figure.dpi: 37
savefig.bbox: tight
axes.formatter.use_locale: True
axes.facecolor: red
path.sketch: 1, 100, 2
svg.fonttype: path
svg.hashsalt: other
lines.marker: x
timezone: Asia/Tokyo
no.such.key: 1
"""


@pytest.fixture
def report(sweeps, environment, tmp_path, monkeypatch):
    made = sweeps.planned("lr=0.1,0.05", "ema=on,off", "seed=0,1", "steps=20", "eval_every=10")
    folder = sweeps.trained(made, 10, 20)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rc").mkdir()
    (tmp_path / "rc" / "matplotlibrc").write_text(RC)

    def written(name: str, **variables: str) -> dict[str, bytes]:
        words = ["report", str(folder), "--out", name]
        env = environment | variables
        done = subprocess.run([sys.executable, "-m", "ablate", *words], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "matplotlib" not in done.stderr.lower()
        return {str(path.relative_to(name)): path.read_bytes() for path in Path(name).rglob("*") if path.is_file()}

    return written


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_report_is_the_same_bytes_whatever_surrounds_it(report, tmp_path):
    plain = report("plain")
    assert {"index.html", "figures/effects.png", "figures/accuracy.svg", "methods.md", "table.tex"} <= set(plain)
    locale = {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "Asia/Tokyo"}
    theirs = report(
        "theirs",
        **locale,
        **{"MATPLOTLIBRC": str(tmp_path / "rc"), "MPLBACKEND": "no such backend", "SOURCE_DATE_EPOCH": "1234"},
        **{"PYTHONHASHSEED": "7", "COLUMNS": "43"},
    )
    assert theirs == plain
    home = tmp_path / "home"
    (home / ".config").mkdir(parents=True)
    (tmp_path / "rc").rename(home / ".config" / "matplotlib")
    assert report("at home", HOME=str(home), PYTHONHASHSEED="8", TZ="America/New_York", MPLBACKEND="pdf") == plain


@pytest.mark.slow
def test_settings_that_cannot_be_read_are_told_in_one_line(report, sweeps):
    Path("matplotlibrc").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(
        AssertionError, match=r"ablate: Cannot read .*/matplotlibrc, which matplotlib takes as its settings here"
    ):
        report("none")
