"""The templates hold against AWS's own schemas, by cfn-lint, with no rule ignored."""

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from provisioning.template import TEMPLATES, template, template_body


def findings(body: str) -> list[str]:
    config = ManualArgs(regions=["us-east-1", "eu-west-1"], include_checks=["I"])
    return [str(match) for match in lint(body, config=config)]


@pytest.mark.parametrize("name", TEMPLATES)
def test_cfn_lint_has_nothing_to_say(name: str) -> None:
    assert findings(template_body(name)) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_rule_is_ignored(name: str) -> None:
    body = template_body(name)
    assert "cfn-lint" not in body
    assert all("cfn-lint" not in (r.get("Metadata") or {}) for r in template(name).document["Resources"].values())


def test_the_linter_would_see_a_wrong_property() -> None:
    sound = template_body("data")
    broken = sound.replace("Port: 6379", "Prot: 6379").replace("SourceType: db-instance", "SourceTip: db-instance")
    found = findings(broken)
    assert any("Prot" in finding for finding in found)
    assert any("SourceTip" in finding for finding in found)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_can_be_sent_inline(name: str) -> None:
    assert len(template_body(name).encode()) <= 51_200
