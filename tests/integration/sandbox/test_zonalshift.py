"""ARC zonal shift in the sandbox against aws-facts 5.2."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import clock
from tests.integration.sandbox.ground import Ground, fresh_ground


@pytest.fixture
def ground() -> Ground:
    return fresh_ground()


def balancer(ground: Ground, enabled: bool = True) -> str:
    """A load balancer, as a rule with zonal shift enabled; returns its ARN."""
    ground.target_group()
    elb = ground.aws("elbv2")
    arn: str = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    value = [{"Key": "zonal_shift.config.enabled", "Value": str(enabled).lower()}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=value)
    return arn


def zone_id(ground: Ground, name: str = "us-east-1a") -> str:
    zones = ground.aws("ec2").describe_availability_zones()["AvailabilityZones"]
    return str(next(zone["ZoneId"] for zone in zones if zone["ZoneName"] == name))


def start(ground: Ground, arn: str, **more: Any) -> dict[str, Any]:
    given = {"resourceIdentifier": arn, "awayFrom": zone_id(ground), "expiresIn": "2h", "comment": "drill"}
    made: dict[str, Any] = ground.aws("arc-zonal-shift").start_zonal_shift(**{**given, **more})
    return made


def reason_of(refusal: Any) -> tuple[str, Any, int]:
    answer = refusal.value.response
    return answer["Error"]["Code"], answer.get("reason"), answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_shift_takes_a_zones_weight_until_it_is_cancelled(ground: Ground) -> None:
    arn = balancer(ground)
    arc = ground.aws("arc-zonal-shift")
    away = zone_id(ground)
    [resource] = arc.list_managed_resources()["items"]
    assert (resource["arn"], len(resource["availabilityZones"])) == (arn, 3)
    assert set(resource["appliedWeights"].values()) == {1.0}
    shift = start(ground, arn)
    assert shift["status"] == "ACTIVE"
    resource = arc.get_managed_resource(resourceIdentifier=arn)
    assert resource["appliedWeights"][away] == 0.0
    assert sorted(resource["appliedWeights"].values()) == [0.0, 1.0, 1.0]
    assert resource["zonalShifts"][0]["appliedStatus"] == "APPLIED"
    assert resource["zonalShifts"][0]["zonalShiftId"] == shift["zonalShiftId"]
    assert arc.cancel_zonal_shift(zonalShiftId=shift["zonalShiftId"])["status"] == "CANCELED"
    assert set(arc.get_managed_resource(resourceIdentifier=arn)["appliedWeights"].values()) == {1.0}
    assert [s["status"] for s in arc.list_zonal_shifts()["items"]] == ["CANCELED"]


def test_a_shift_expires_and_an_update_counts_from_now(ground: Ground) -> None:
    arn = balancer(ground)
    arc = ground.aws("arc-zonal-shift")
    shift = start(ground, arn)["zonalShiftId"]
    clock.advance(3600)
    changed = arc.update_zonal_shift(zonalShiftId=shift, expiresIn="3h", comment="longer")
    assert (changed["expiryTime"] - clock.now()).total_seconds() == pytest.approx(3 * 3600, abs=1)
    assert changed["comment"] == "longer"
    clock.advance(2 * 3600)
    assert arc.list_zonal_shifts(status="ACTIVE")["items"] != []
    clock.advance(3600)
    assert arc.list_zonal_shifts(status="ACTIVE")["items"] == []
    assert [s["zonalShiftId"] for s in arc.list_zonal_shifts(status="EXPIRED")["items"]] == [shift]
    with pytest.raises(ClientError) as late:
        arc.cancel_zonal_shift(zonalShiftId=shift)
    assert reason_of(late) == ("ConflictException", "ZonalShiftStatusNotActive", 409)


def test_one_shift_at_a_time_for_a_resource(ground: Ground) -> None:
    arn = balancer(ground)
    start(ground, arn)
    with pytest.raises(ClientError) as second:
        start(ground, arn, awayFrom=zone_id(ground, "us-east-1b"))
    assert reason_of(second) == ("ConflictException", "ZonalShiftAlreadyExists", 409)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"expiresIn": "73h"}, "InvalidExpiresIn"),
        ({"awayFrom": "us-east-1a"}, "InvalidAz"),
        ({"resourceIdentifier": "the-balancer"}, "InvalidResourceIdentifier"),
    ],
)
def test_what_cannot_be_shifted_is_refused_with_a_reason(ground: Ground, wrong: dict[str, str], reason: str) -> None:
    arn = balancer(ground)
    with pytest.raises(ClientError) as refusal:
        start(ground, arn, **wrong)
    assert reason_of(refusal) == ("ValidationException", reason, 400)


def test_a_load_balancer_takes_part_only_when_its_attribute_says_so(ground: Ground) -> None:
    arn = balancer(ground, enabled=False)
    assert ground.aws("arc-zonal-shift").list_managed_resources()["items"] == []
    with pytest.raises(ClientError) as refusal:
        start(ground, arn)
    assert reason_of(refusal)[0] == "ResourceNotFoundException"
