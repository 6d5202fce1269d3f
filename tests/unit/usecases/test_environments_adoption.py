"""Sorting the stacks of an account: ours by tag or name, custom ones beside, other prefixes, strangers."""

from services.usecases.environment_adoption import MOST, Group, Survey, read, survey, written
from tests import builders as b
from tests.fakes.stack_looks import standing

WANTED = ("network", "data", "platform", "service-rbac", "service-audit")


def names(survey: Survey) -> list[str]:
    return [each.name for each in survey.ours]


def test_stacks_without_tags_are_known_by_name() -> None:
    found = survey(
        b.environment(stack_prefix="prod"),
        [standing(f"prod-{name}") for name in ("network", "data", "platform", "service-rbac", "service-my-own")],
        WANTED,
    )
    assert names(found) == ["data", "network", "platform", "service-my-own", "service-rbac"]
    assert {each.how for each in found.ours} == {"by its name; it has no tag"}
    assert found.absent == ("prod-service-audit",)
    assert (found.beside, found.elsewhere, found.strangers) == ((), (), 0)


def test_the_tag_decides_whose_a_stack_is() -> None:
    found = survey(
        b.environment(),
        [
            standing("production-network", tagged="production"),
            standing("production-data", tagged="other"),
            standing("production-eu-network", tagged="production-eu"),
            standing("shared-network", tagged="production"),
        ],
    )
    assert [(each.name, each.how) for each in found.ours] == [("network", "by its tag")]
    assert [(each.stack_name, each.how) for each in found.beside] == [
        ("production-data", "not read: it is tagged for the environment other"),
        ("production-eu-network", "not read: it is tagged for the environment production-eu"),
        ("shared-network", "not read: its name does not begin with production-"),
    ]


def test_custom_stacks_are_beside_and_never_written_to() -> None:
    found = survey(
        b.environment(),
        [standing("production-dashboards"), standing("production-backups", tagged="production")],
    )
    assert [(each.stack_name, each.how) for each in found.beside] == [
        ("production-backups", "custom, by its tag; read-only"),
        ("production-dashboards", "custom; with the tag haven:environment it is shown too, read-only"),
    ]
    assert found.ours == ()


def test_what_is_deleted_is_gone() -> None:
    found = survey(b.environment(), [standing("production-network", status="DELETE_COMPLETE")], ["network"])
    assert found == Survey(absent=("production-network",))


def test_other_prefixes_say_who_looks_after_them() -> None:
    stacks = ["shop-network", "shop-service-till", "legacy-data", "billing-platform", "cdk-bootstrap"]
    known = [b.environment(), b.environment("legacy"), b.environment("abroad", stack_prefix="shop", region="eu-west-1")]
    found = survey(b.environment(), [standing(name) for name in stacks], known=known)
    assert found.elsewhere == (
        Group("legacy", "legacy", ("legacy-data",)),
        Group("shop", "", ("shop-network", "shop-service-till")),
    )
    assert found.strangers == 2


def test_a_service_may_be_called_like_a_stack() -> None:
    found = survey(b.environment(), [standing("my-data-network"), standing("my-service-data")])
    assert [(group.prefix, group.stacks) for group in found.elsewhere] == [("my-data", ("my-data-network",))]


def test_a_survey_is_kept_and_read_as_it_was() -> None:
    found = survey(
        b.environment(),
        [standing("production-network"), standing("production-custom"), standing("shop-data"), standing("stranger")],
        WANTED,
    )
    assert found.ours
    assert found.beside
    assert read(written(found)) == found
    assert read(written(Survey())) == Survey()


def test_what_was_not_written_by_it_is_no_survey() -> None:
    assert [read(text) for text in ("", "[]", "{}", '{"ours": [{"x": 1}]}', "null")] == [None] * 5


def test_a_large_account_is_told_in_part() -> None:
    found = survey(b.environment(), [standing(f"production-service-s{number:04}") for number in range(2000)])
    assert len(found.ours) == MOST
