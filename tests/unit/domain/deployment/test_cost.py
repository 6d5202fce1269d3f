"""What a plan costs before and after, by parameters and by change sets."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.blueprint import load
from services.domain.deployment.cost import (
    HOURS,
    LEFT_OUT,
    Estimate,
    Line,
    PriceList,
    cost_of_redundancy,
    estimate,
    needs,
)
from services.domain.deployment.plan import Deed, Plan, StackPlan
from tests.unit.domain.deployment.bills import PRICES, change, changing, lines, plan, stack, values

RDS, CACHE, KEY = "AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup", "AWS::KMS::Key"
SINGLE, MULTI = values("single-az", "data"), values("multi-az", "data")
DATABASE = {"Engine": "postgres", "StorageType": "gp3", "DBInstanceClass": "db.r6g.large", "AllocatedStorage": "100"}


def upgrade() -> Plan:
    """Single-AZ to Multi-AZ, whole."""
    names = [spec.name for spec in load("multi-az").stacks("production")]
    return plan(*(stack(name, values("single-az", name), values("multi-az", name)) for name in names))


def test_the_way_to_multi_az_costs_what_the_formulas_say() -> None:
    made = estimate(upgrade(), PRICES)
    found = {(line.stack, line.logical_id): line for line in made.lines}
    database = found["data", "Database"]
    assert database.before == pytest.approx(0.065 * 730 + 50 * 0.115)
    assert database.after == pytest.approx(0.45 * 730 + 100 * 0.23)
    assert database.redundancy == pytest.approx(0.225 * 730 + 100 * 0.115)
    assert database.arithmetic == (
        "0.45 USD x 730 h + 100 GB x 0.23 USD; before: 0.065 USD x 730 h + 50 GB x 0.115 USD"
    )
    cache = found["data", "Cache"]
    assert (cache.before, cache.after) == (pytest.approx(0.0256 * 730), pytest.approx(3 * 0.1752 * 730))
    assert cache.arithmetic.startswith("3 x 0.1752 USD x 730 h, 3 nodes; before: ")
    tasks = found["service-rbac", "Service"]
    assert tasks.after == pytest.approx(3 * (0.5 * 0.04048 + 0.004445) * 730)
    assert tasks.redundancy == pytest.approx(2 / 3 * tasks.after)
    assert "at the minimum of 3 tasks" in tasks.arithmetic
    assert "people may run another number" in tasks.arithmetic.partition("before")[2]
    assert found["network", "NatGatewayB"].before is None
    assert found["network", "NatGatewayB"].redundancy == pytest.approx(0.045 * 730)
    assert found["network", "NatGatewayA"].redundancy == 0
    assert found["network", "EcrApiEndpoint"].change == pytest.approx(2 * 0.01 * 730)
    assert found["platform", "LoadBalancer"].change == 0
    assert HOURS == 730


def test_the_dearest_change_comes_first_and_sums_add_up() -> None:
    made = estimate(upgrade(), PRICES)
    assert [line.logical_id for line in made.lines[:2]] == ["Cache", "Database"]
    changes = [abs(line.change or 0) for line in made.lines]
    assert changes == sorted(changes, reverse=True)
    assert made.change == pytest.approx(made.after - made.before)
    assert made.after == pytest.approx(sum(line.after or 0 for line in made.lines))
    assert cost_of_redundancy(made) == pytest.approx(sum(line.redundancy for line in made.lines))
    assert 0 < (cost_of_redundancy(made) or 0) < made.after
    assert (made.as_of, made.left_out) == (date(2026, 9, 1), LEFT_OUT)
    assert [line.logical_id for line in made.unknown] == ["Key"]


def test_what_the_list_does_not_have_is_unknown_and_said() -> None:
    found = lines(stack("data", SINGLE, {**MULTI, "DatabaseClass": "db.r6g.2xlarge", "CacheClass": "cache.m7g.large"}))
    database, cache = found["Database"], found["Cache"]
    assert database.before == pytest.approx(53.2)
    assert (database.after, database.change, database.redundancy) == (None, None, 0)
    assert database.unknown == "No list price of db.r6g.2xlarge Multi-AZ is known."
    assert database.arithmetic.startswith("? USD x 730 h + 100 GB x 0.23 USD; before: ")
    assert cache.unknown == "No list price of cache.m7g.large with Valkey is known."
    assert found["Key"].unknown == "No list price of a KMS key is known."


def test_a_known_price_without_that_of_a_single_copy_claims_no_redundancy() -> None:
    bare = PriceList("us-east-1", PRICES.as_of, {k: v for k, v in PRICES.usd.items() if "single" not in k}, {})
    found = lines(stack("data", None, MULTI), prices=bare)["Database"]
    assert (found.after, found.redundancy) == (pytest.approx(351.5), 0)


def test_one_side_that_is_not_known_is_no_money_saved() -> None:
    made = estimate(plan(stack("data", SINGLE, {**SINGLE, "DatabaseClass": "db.r6g.xlarge"})), PRICES)
    assert made.after < made.before
    assert made.change == 0


def test_without_a_list_nothing_is_known() -> None:
    made = estimate(upgrade(), None)
    assert (made.before, made.after, made.as_of, cost_of_redundancy(made)) == (0, 0, None, None)
    assert all(line.unknown for line in made.lines)


def test_an_unchanged_stack_counts_alike_on_both_sides() -> None:
    for given_stack in (stack("data", MULTI, MULTI, unchanged=True), stack("data", MULTI, None, unchanged=True)):
        made = estimate(plan(given_stack), PRICES)
        assert made.before == made.after > 0


def test_a_new_stack_has_no_before() -> None:
    for change_set in (None, changing(creates=True), changing(change("Database", RDS, "Add"), creates=True)):
        found = lines(stack("data", None, MULTI, change_set=change_set))
        assert {line.before for line in found.values()} == {None}
        assert found["Database"].after == pytest.approx(351.5)


def test_what_no_change_names_stays_as_it_is() -> None:
    """Parameters that the deployed template did not have yet say nothing of what ran before."""
    before = {name: value for name, value in MULTI.items() if name != "DatabaseStorage"}
    found = lines(stack("data", before, MULTI, change_set=changing(change("DataTopic", "AWS::SNS::Topic"))))
    assert found["Database"].before == found["Database"].after == pytest.approx(351.5)
    assert "DataTopic" not in found


def test_cloudformations_word_goes_before_the_parameters() -> None:
    told = change("Database", RDS, before={**DATABASE, "MultiAZ": "false"}, after={**DATABASE, "MultiAZ": True})
    database = lines(stack("data", SINGLE, SINGLE, change_set=changing(told)))["Database"]
    assert database.before == pytest.approx(0.225 * 730 + 11.5)
    assert database.after == pytest.approx(0.45 * 730 + 23)


@pytest.mark.parametrize("before", ["", "[]", '{"Metadata": {}}', "{{changeSet:KNOWN_AFTER_APPLY}}"])
def test_without_its_word_the_parameters_stand(before: str) -> None:
    told = change("Database", RDS)
    told = type(told)(**{**vars(told), "before": before, "after": before})
    found = lines(stack("data", SINGLE, MULTI, change_set=changing(told)))
    assert found["Database"].change == pytest.approx(351.5 - 53.2)
    assert found["Cache"].change == 0  # no change of it is named, so its `after` holds on both sides


def test_what_is_known_only_when_applied_is_taken_from_the_parameters() -> None:
    told = change(
        "Database", RDS, before=DATABASE, after={**DATABASE, "AllocatedStorage": "{{changeSet:KNOWN_AFTER_APPLY}}"}
    )
    assert lines(stack("data", SINGLE, MULTI, change_set=changing(told)))["Database"].after == pytest.approx(351.5)


def test_a_services_tasks_change_with_its_task_definition_or_its_scaling() -> None:
    before, after = values("single-az", "service-rbac"), values("multi-az", "service-rbac")
    for logical_id, kind in (
        ("TaskDefinition", "AWS::ECS::TaskDefinition"),
        ("ScalableTarget", "AWS::ApplicationAutoScaling::ScalableTarget"),
        ("Service", "AWS::ECS::Service"),
    ):
        told = changing(change(logical_id, kind))
        found = lines(stack("service-rbac", before, after, change_set=told))
        assert found["Service"].change == pytest.approx(2 * (0.5 * 0.04048 + 0.004445) * 730)


def test_what_leaves_a_stack_but_is_kept_goes_on_costing() -> None:
    there = {**DATABASE, "MultiAZ": "true"}

    def removed(policy: str) -> StackPlan:
        told = change("Old", RDS, "Remove", before=there, policy=policy)
        return stack("custom", None, None, template="custom", change_set=changing(told))

    gone, kept, snapped = (lines(removed(policy))["Old"] for policy in ("Delete", "Retain", "Snapshot"))
    assert (gone.before, gone.after, gone.change) == (pytest.approx(351.5), None, pytest.approx(-351.5))
    assert kept.change == 0
    assert "goes on costing" in kept.arithmetic
    assert (snapped.after, snapped.change) == (None, None)
    assert "snapshot" in snapped.unknown


def test_what_is_replaced_but_kept_costs_beside_the_new_one() -> None:
    there = {**DATABASE, "MultiAZ": "true"}
    told = change("Database", RDS, before=there, after=there, policy="ReplaceAndRetain")
    kept = lines(stack("data", MULTI, MULTI, change_set=changing(told)))["Database"]
    assert (kept.before, kept.after) == (pytest.approx(351.5), pytest.approx(703))
    assert kept.redundancy == pytest.approx(175.75)
    assert "The one it replaces is kept" in kept.arithmetic
    told = change("Database", RDS, before=there, after=there, policy="ReplaceAndSnapshot")
    snapped = lines(stack("data", MULTI, MULTI, change_set=changing(told)))["Database"]
    assert snapped.after == pytest.approx(351.5)
    assert "snapshot" in snapped.unknown


def test_what_is_imported_was_there_before() -> None:
    told = change("Database", RDS, "Import", after={**DATABASE, "MultiAZ": "true"})
    assert lines(stack("data", MULTI, MULTI, change_set=changing(told)))["Database"].change == 0


def test_a_stack_that_is_not_ours_is_priced_by_what_changes() -> None:
    found = lines(
        stack(
            "custom",
            None,
            None,
            template="custom",
            change_set=changing(
                change("Box", "AWS::EC2::Instance", "Add", after={"InstanceType": "t3.micro"}),
                change("Way", "AWS::EC2::NatGateway", "Add", after={}),
                change("Run", "AWS::ECS::Service", "Add", after={}),
                change("Lost", RDS, "Add"),
                change("S3", "AWS::EC2::VPCEndpoint", "Add", after={"VpcEndpointType": "Gateway"}),
                change("Who", "AWS::IAM::Role", "Add", after={}),
            ),
        )
    )
    assert found.keys() == {"Box", "Way", "Run", "Lost"}
    assert found["Box"].unknown == "Haven knows no price of AWS::EC2::Instance."
    assert (found["Way"].after, found["Way"].redundancy) == (pytest.approx(32.85), 0)
    assert "template, which is not Haven's" in found["Run"].unknown
    assert found["Lost"].unknown == "Its properties are not known."


def test_a_deletion_ends_what_is_not_kept() -> None:
    found = lines(stack("data", MULTI, None, deed=Deed.DELETE, kept=("Key", "Database")))
    assert (found["Cache"].after, found["Cache"].change) == (None, pytest.approx(-3 * 0.1752 * 730))
    assert "goes on costing" in found["Database"].unknown
    assert "goes on costing" in found["Key"].unknown
    assert lines(stack("data", None, MULTI, deed=Deed.DELETE))["Cache"].after is None


def test_needs_are_the_keys_of_both_sides() -> None:
    wanted = needs(plan(stack("data", SINGLE, MULTI)))
    assert {"rds:db.t4g.medium:single-az", "rds:db.r6g.large:multi-az", "rds:db.r6g.large:single-az"} <= wanted
    assert wanted <= PRICES.usd.keys()


@st.composite
def steps(draw: st.DrawFn) -> tuple[StackPlan, ...]:
    """An environment, and the same with more redundancy in one or more places."""
    flags = [draw(st.booleans()) for _ in range(6)]
    nat, endpoints, multi = (sorted((draw(st.booleans()), each)) for each in flags[:3])
    nodes = sorted((draw(st.integers(1, 3)), draw(st.integers(1, 3))))
    tasks, zones = (sorted((draw(st.integers(1, most)), draw(st.integers(1, most)))) for most in (9, 3))
    size = draw(st.sampled_from(["db.t4g.medium", "db.r6g.large"]))

    def side(n: int) -> dict[str, dict[str, str]]:
        said = {True: "true", False: "false"}
        return {
            "network": {"NatPerZone": said[nat[n]], "EndpointPerZone": said[endpoints[n]]},
            "data": {"DatabaseMultiAz": said[multi[n]], "CacheNodes": str(nodes[n]), "DatabaseClass": size},
            "platform": {"LoadBalancerZones": str(2 + n)},
            "service-rbac": {"MinTasks": str(tasks[n]), "ServiceZones": str(zones[n])},
        }

    return tuple(
        stack(name, values("multi-az", name, **side(0)[name]), values("multi-az", name, **side(1)[name]))
        for name in ("network", "data", "platform", "service-rbac")
    )


@given(steps())
def test_more_redundancy_never_costs_less(stacks: tuple[StackPlan, ...]) -> None:
    made = estimate(plan(*stacks), PRICES)
    assert all(line.change is None or line.change >= -1e-9 for line in made.lines)
    assert made.after >= made.before - 1e-9
    assert 0 <= (cost_of_redundancy(made) or 0) <= made.after
    was = estimate(plan(*(stack(s.name, None, {p.name: p.before or "" for p in s.parameters}) for s in stacks)), PRICES)
    assert (cost_of_redundancy(made) or 0) >= (cost_of_redundancy(was) or 0) - 1e-9


@given(steps())
def test_a_plan_that_changes_nothing_costs_the_same(stacks: tuple[StackPlan, ...]) -> None:
    for each in stacks:
        there = {p.name: p.after or "" for p in each.parameters}
        for same in (stack(each.name, there, there, unchanged=True), stack(each.name, there, there)):
            made = estimate(plan(same), PRICES)
            assert made.before == made.after
            assert made.change == 0


def test_what_comes_on_top_leaves_the_difference_of_both_sides_known() -> None:
    replaced = Line("data", "Database", "AWS::RDS::DBInstance", 340.0, 170.0, "", unknown="A snapshot of it is kept.")
    removed = replace(replaced, after=None)
    assert (replaced.change, removed.change) == (-170.0, None)
    assert Estimate((replaced, removed), None, "").change == -170.0
