"""The key that signs cookies."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.secret import secret_key
from services.domain.errors import Misconfigured
from services.settings import Settings


def settings(home: Path, **more: object) -> Settings:
    return Settings(home=home, **more)  # type: ignore[arg-type]


def test_a_key_of_the_settings_is_used_and_none_is_written(tmp_path: Path) -> None:
    assert secret_key(settings(tmp_path, secret_key="k" * 40)) == "k" * 40
    assert not (tmp_path / "secret-key").exists()


def test_without_one_it_is_made_once_for_this_user_only_and_read_ever_after(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    first = secret_key(settings(home))
    assert secret_key(settings(home)) == first
    assert len(first) >= 32
    assert stat.S_IMODE((home / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["secret-key"]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_key(settings(tmp_path)), range(16)))
    assert len(keys) == 1


def test_a_short_key_is_refused_and_the_words_say_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="HAVEN_SECRET_KEY"):
        secret_key(settings(tmp_path, secret_key="short"))
    (tmp_path / "secret-key").write_text("short\n")
    with pytest.raises(Misconfigured, match="secret-key"):
        secret_key(settings(tmp_path))


def test_a_home_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(Misconfigured, match="HAVEN_HOME"):
        secret_key(settings(tmp_path / "file" / "home"))
