"""What templates may ask for: the words of `portal.words`, with the present taken from Haven's clock."""

from datetime import datetime

from flask import Flask

from portal import words
from services.domain import wording
from services.ports import Clock


def register(app: Flask, clock: Clock) -> None:
    """Give every template the filters `age`, `moment`, `utc`, `iso`, `duration`, `count`, `account`, `listed`."""

    def age(at: datetime) -> str:
        return words.age(at, clock.now())

    def moment(at: datetime) -> str:
        return words.moment(at, clock.now())

    app.jinja_env.filters.update(
        age=age,
        moment=moment,
        utc=words.utc,
        iso=words.iso,
        duration=words.duration,
        count=wording.counted,
        account=words.account,
        listed=wording.listed,
        sentence=wording.capital,
    )
    app.jinja_env.globals["present"] = clock.now
