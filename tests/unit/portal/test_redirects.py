"""After logging in the browser goes to a path of this site, and nowhere else."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.redirects import local_path

SITE = "https://haven.example"


@pytest.mark.parametrize(
    "target",
    [
        "",
        None,
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/%09/evil.example\n",
        "javascript:alert(1)",
        "evil",
        "http:/evil.example",
        " /fleet",
        "/fleet\r\nSet-Cookie: a=b",
        "/" + "a" * 3000,
        "/a//b\\c",
        "@evil.example",
        "/\u2028x",
    ],
)
def test_what_is_not_a_plain_path_of_this_site_is_refused(target: str | None) -> None:
    assert local_path(target) is None


@pytest.mark.parametrize(
    "target", ["/", "/users/ana", "/?q=rbac&show=needs", "/environments/production/topology?node=x"]
)
def test_a_path_of_this_site_is_kept_with_its_query(target: str) -> None:
    assert local_path(target) == target


@given(st.text(alphabet=st.sampled_from("/\\:@.?#%\t\n evil-com"), max_size=24) | st.text(max_size=40))
def test_whatever_passes_stays_on_this_site(target: str) -> None:
    path = local_path(target)
    if path is not None:
        there = urlsplit(urljoin(f"{SITE}/login", path))
        assert (there.scheme, there.netloc) == ("https", "haven.example")
