"""`python -m ablate`, run in this process."""

import pytest

from ablate.__main__ import main


def printed_by(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """What the program prints, which has to end with this status."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        main(list(words))
    printed = "".join(capsys.readouterr())
    assert (end.value.code or 0) == status, printed
    return printed
