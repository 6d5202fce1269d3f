"""The worker's tick for temporary edits goes on whatever happens."""

import pytest

from services.domain.errors import NotNow
from services.worker.temporary import end_edits


class Edits:
    """`services.worker.temporary.Ending` that answers as told."""

    def __init__(self, answer: int | Exception) -> None:
        self.answer, self.asked = answer, 0

    def tick(self) -> int:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [(0, ""), (2, "being taken back"), (NotNow("The database is away."), "not looked at"), (KeyError("x"), "failed")],
    ids=["nothing", "some", "away", "a bug"],
)
def test_what_it_does_is_logged_and_nothing_ends_the_worker(
    answer: int | Exception, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edits = Edits(answer)
    end_edits(edits)
    assert edits.asked == 1
    out = capsys.readouterr().out
    assert said in out if said else out == ""
