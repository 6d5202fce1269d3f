"""CloudWatch as the portal uses it: metrics with a past, and alarms that are judged."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.sandbox.conftest import Shop
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.sandbox
SERVICE = [{"Name": "ClusterName", "Value": "production"}, {"Name": "ServiceName", "Value": "rbac"}]
CPU = {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Dimensions": SERVICE}


def now(sandbox: Sandbox) -> datetime:
    return datetime.fromisoformat(sandbox.control("status")["time"])


@pytest.fixture(scope="module", autouse=True)
def afternoon(sandbox: Sandbox) -> None:
    """A Wednesday's afternoon before anything is made: load follows the hour and the day of the week, and these tests
    compare it over time."""
    here = now(sandbox)
    wednesday = (here + timedelta(days=(2 - here.weekday()) % 7)).replace(hour=14, minute=0, second=0, microsecond=0)
    left = (wednesday if wednesday >= here else wednesday + timedelta(days=7)) - here
    for _ in range(left.days):
        sandbox.advance(86_400)
    sandbox.advance(left.seconds)


def query(metric: dict[str, Any], stat: str = "Average", period: int = 60, name: str = "m") -> dict[str, Any]:
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}


def data(sandbox: Sandbox, *queries: dict[str, Any], hours: float = 1, **more: Any) -> dict[str, Any]:
    end = now(sandbox)
    answer: dict[str, Any] = sandbox.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries), StartTime=end - timedelta(hours=hours), EndTime=end, **more
    )
    return answer


def alarm(sandbox: Sandbox, name: str, **settings: Any) -> None:
    given = {
        **CPU,
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 80,
        "ComparisonOperator": "GreaterThanThreshold",
        **settings,
    }
    sandbox.client("cloudwatch").put_metric_alarm(AlarmName=name, **given)


def lets_in(topic: str, queue: str) -> str:
    """A queue's policy that lets SNS send from a topic."""
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


def state(sandbox: Sandbox, name: str) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    return found


@pytest.mark.usefixtures("shop")
class TestMetrics:
    def test_every_thing_is_listed_and_measured(self, sandbox: Sandbox) -> None:
        pages = sandbox.client("cloudwatch").get_paginator("list_metrics").paginate()
        listed = [m for page in pages for m in page["Metrics"] if m["Namespace"].startswith("AWS/")]
        assert {m["Namespace"] for m in listed} == {"AWS/ECS", "AWS/ApplicationELB", "AWS/RDS", "AWS/SQS"}
        queries = [query(m, period=300, name=f"m{n}") for n, m in enumerate(listed)]
        results = data(sandbox, *queries)["MetricDataResults"]
        empty = {m["MetricName"] for m, r in zip(listed, results, strict=True) if not r["Values"]}
        assert empty <= {
            "HTTPCode_Target_5XX_Count",
            "HTTPCode_ELB_5XX_Count",
            "TargetConnectionErrorCount",
            "RejectedConnectionCount",
        }, "only counts of zero are not reported"

    def test_there_are_fifteen_days_of_history_by_the_minute(self, sandbox: Sandbox) -> None:
        results = data(sandbox, query(CPU), hours=15 * 24)["MetricDataResults"]
        assert 15 * 1440 - 2 <= len(results[0]["Values"]) <= 15 * 1440
        older = data(sandbox, query(CPU), hours=20 * 24)["MetricDataResults"]
        assert len(older[0]["Values"]) <= 15 * 1440, "AWS forgets minutes after fifteen days"
        assert len(data(sandbox, query(CPU, period=3600), hours=60 * 24)["MetricDataResults"][0]["Values"]) > 59 * 24

    def test_statistics_agree_with_each_other(self, sandbox: Sandbox) -> None:
        names = ("Minimum", "Average", "Maximum", "Sum", "SampleCount", "p50")
        results = data(sandbox, *(query(CPU, s, 300, s.lower()) for s in names))["MetricDataResults"]
        low, mean, high, total, count, middle = (r["Values"][1] for r in results)  # the newest may be partial
        assert low < mean < high
        assert low <= middle <= high
        assert total / count == pytest.approx(mean)
        assert count == 15, "three tasks, five minutes"

    def test_newest_first_unless_asked(self, sandbox: Sandbox) -> None:
        newest = data(sandbox, query(CPU))["MetricDataResults"][0]["Timestamps"]
        oldest = data(sandbox, query(CPU), ScanBy="TimestampAscending")["MetricDataResults"][0]["Timestamps"]
        assert newest == sorted(newest, reverse=True)
        assert oldest == sorted(oldest) == newest[::-1]

    def test_pages_hold_all_points_once(self, sandbox: Sandbox) -> None:
        queries = [query(CPU, name="a"), query(CPU, "Maximum", name="b")]
        whole = data(sandbox, *queries)["MetricDataResults"]
        paged: dict[str, list[float]] = {"a": [], "b": []}
        token: dict[str, Any] = {}
        while True:
            answer = data(sandbox, *queries, MaxDatapoints=25, **token)
            assert sum(len(r["Values"]) for r in answer["MetricDataResults"]) <= 25
            for result in answer["MetricDataResults"]:
                paged[result["Id"]] += result["Values"]
            if "NextToken" not in answer:
                break
            token = {"NextToken": answer["NextToken"]}
        assert paged == {r["Id"]: r["Values"] for r in whole}

    def test_metric_math(self, sandbox: Sandbox) -> None:
        base = {**query(CPU, name="m1"), "ReturnData": False}
        results = data(sandbox, base, {"Id": "e1", "Expression": "m1 * 2"}, {"Id": "e2", "Expression": "e1 - m1"})
        twice, once = results["MetricDataResults"]
        assert [r["Id"] for r in results["MetricDataResults"]] == ["e1", "e2"]
        assert once["Values"] == pytest.approx([v / 2 for v in twice["Values"]])

    @pytest.mark.parametrize(
        ("queries", "says"),
        [
            ([query(CPU, name=f"m{n}") for n in range(501)], "must not have a size greater than 500"),
            ([query(CPU, "p101")], "is not supported"),
            ([query(CPU, period=90)], "multiple of 60"),
            ([query(CPU), query(CPU)], "not unique"),
            ([{"Id": "e", "Expression": "SEARCH('x', 'Sum', 60)"}], "Error in expression 'e'"),
            ([{"Id": "e1", "Expression": "e2 + 1"}, {"Id": "e2", "Expression": "e1 + 1"}], "refers to itself"),
            ([{"Id": "Upper", **{k: v for k, v in query(CPU).items() if k != "Id"}}], "is invalid"),
        ],
    )
    def test_bad_queries_are_validation_errors(
        self, sandbox: Sandbox, queries: list[dict[str, Any]], says: str
    ) -> None:
        with pytest.raises(ClientError, match=says) as refused:
            data(sandbox, *queries)
        assert refused.value.response["Error"]["Code"] in ("ValidationError", "ValidationException")

    def test_get_metric_statistics(self, sandbox: Sandbox) -> None:
        cloudwatch, end = sandbox.client("cloudwatch"), now(sandbox)
        given = {**CPU, "StartTime": end - timedelta(hours=2), "EndTime": end}
        points = cloudwatch.get_metric_statistics(**given, Period=300, Statistics=["Average", "Maximum"])["Datapoints"]
        assert {p["Unit"] for p in points} == {"Percent"}
        assert all(p["Average"] <= p["Maximum"] for p in points)
        tail = cloudwatch.get_metric_statistics(**given, Period=300, ExtendedStatistics=["p99"])["Datapoints"]
        assert all(0 < p["ExtendedStatistics"]["p99"] <= 100 for p in tail)
        with pytest.raises(ClientError, match="exceeds the limit of 1,440"):
            cloudwatch.get_metric_statistics(
                **{**given, "StartTime": end - timedelta(days=2)}, Period=60, Statistics=["Average"]
            )

    def test_a_metric_of_one_s_own_is_there_too(self, sandbox: Sandbox) -> None:
        mine = {"Namespace": "Haven/Test", "MetricName": "Probe", "Dimensions": [{"Name": "Where", "Value": "here"}]}
        at = now(sandbox) - timedelta(minutes=5)
        sandbox.client("cloudwatch").put_metric_data(
            Namespace="Haven/Test",
            MetricData=[{k: v for k, v in mine.items() if k != "Namespace"} | {"Timestamp": at, "Values": [1.0, 3.0]}],
        )
        assert data(sandbox, query(mine))["MetricDataResults"][0]["Values"] == [2.0]
        listed = sandbox.client("cloudwatch").list_metrics(Namespace="Haven/Test")["Metrics"]
        assert listed == [mine]

    def test_losing_tasks_shows_in_the_metrics(self, sandbox: Sandbox) -> None:
        sandbox.advance(120)
        before = data(sandbox, query(CPU))["MetricDataResults"][0]["Values"][0]
        ecs = sandbox.client("ecs")
        ecs.update_service(cluster="production", service="rbac", desiredCount=1)
        sandbox.advance(900)
        during = data(sandbox, query(CPU))["MetricDataResults"][0]["Values"][0]
        ecs.update_service(cluster="production", service="rbac", desiredCount=3)
        sandbox.advance(900)
        after = data(sandbox, query(CPU))["MetricDataResults"][0]["Values"][0]
        assert during > 1.8 * before
        assert after == pytest.approx(before, rel=0.2)


@pytest.fixture
def load_ended(sandbox: Sandbox) -> Iterator[None]:
    """Whatever load the test ordered, and however it ended: no later test sees it."""
    yield
    sandbox.control("load", method="DELETE")
    sandbox.advance(600)


@pytest.mark.usefixtures("shop")
class TestAlarms:
    def test_knows_nothing_at_first_and_is_well_soon(self, sandbox: Sandbox) -> None:
        alarm(sandbox, "fresh")
        assert state(sandbox, "fresh")["StateValue"] == "INSUFFICIENT_DATA"
        assert state(sandbox, "fresh")["StateReason"] == "Unchecked: Initial alarm creation"
        sandbox.advance(60)
        assert state(sandbox, "fresh")["StateValue"] == "OK"

    @pytest.mark.usefixtures("load_ended")
    def test_alarms_under_load_tells_sns_and_remembers(self, sandbox: Sandbox) -> None:
        sqs, sns = sandbox.client("sqs"), sandbox.client("sns")
        inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = sns.create_topic(Name="alarms")["TopicArn"]
        sqs.set_queue_attributes(QueueUrl=inbox, Attributes={"Policy": lets_in(topic, arn)})
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        alarm(sandbox, "busy", AlarmActions=[topic])
        sandbox.advance(60)
        sandbox.control("load", service="rbac", factor=5, lasts=300)
        sandbox.advance(240)
        found = state(sandbox, "busy")
        assert found["StateValue"] == "ALARM"
        assert found["StateReason"].startswith("Threshold Crossed: 3 out of the last 3 datapoints [")
        recent = json.loads(found["StateReasonData"])["recentDatapoints"]
        assert len(recent) == 3
        assert all(80 < point <= 100 for point in recent)
        mail = json.loads(sqs.receive_message(QueueUrl=inbox)["Messages"][0]["Body"])
        assert json.loads(mail["Message"])["NewStateValue"] == "ALARM"
        sandbox.advance(600)
        assert state(sandbox, "busy")["StateValue"] == "OK"
        history = sandbox.client("cloudwatch").describe_alarm_history(AlarmName="busy")["AlarmHistoryItems"]
        assert [h["HistorySummary"] for h in history] == [
            "Alarm updated from ALARM to OK",
            f"Successfully executed action {topic}",
            "Alarm updated from OK to ALARM",
            "Alarm updated from INSUFFICIENT_DATA to OK",
            'Alarm "busy" created',
        ]

    def test_an_update_keeps_the_state(self, sandbox: Sandbox) -> None:
        alarm(sandbox, "edited")
        sandbox.advance(60)
        alarm(sandbox, "edited", Threshold=90)
        found = state(sandbox, "edited")
        assert (found["StateValue"], found["Threshold"]) == ("OK", 90)

    def test_without_data_it_stays_unknown_unless_told_otherwise(self, sandbox: Sandbox) -> None:
        nobody = {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Dimensions": SERVICE[:1]}
        alarm(sandbox, "nothing", **nobody)
        alarm(sandbox, "silent", **nobody, TreatMissingData="notBreaching")
        alarm(sandbox, "strict", **nobody, TreatMissingData="breaching")
        sandbox.advance(60)
        found = [state(sandbox, name)["StateValue"] for name in ("nothing", "silent", "strict")]
        assert found == ["INSUFFICIENT_DATA", "OK", "ALARM"]

    def test_an_alarm_on_metric_math(self, sandbox: Sandbox) -> None:
        sandbox.client("cloudwatch").put_metric_alarm(
            AlarmName="math",
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            Metrics=[{**query(CPU, name="m1"), "ReturnData": False}, {"Id": "e1", "Expression": "m1 + 100"}],
        )
        sandbox.advance(60)
        assert state(sandbox, "math")["StateValue"] == "ALARM"

    def test_alarms_come_in_pages(self, sandbox: Sandbox) -> None:
        for n in range(5):
            alarm(sandbox, f"page-{n}")
        cloudwatch = sandbox.client("cloudwatch")
        first = cloudwatch.describe_alarms(AlarmNamePrefix="page-", MaxRecords=3)
        second = cloudwatch.describe_alarms(AlarmNamePrefix="page-", MaxRecords=3, NextToken=first["NextToken"])
        names = [a["AlarmName"] for page in (first, second) for a in page["MetricAlarms"]]
        assert names == [f"page-{n}" for n in range(5)]
        assert "NextToken" not in second

    def test_a_state_set_by_hand_lasts_until_it_is_judged(self, sandbox: Sandbox) -> None:
        alarm(sandbox, "by-hand")
        sandbox.advance(60)
        sandbox.client("cloudwatch").set_alarm_state(AlarmName="by-hand", StateValue="ALARM", StateReason="drill")
        assert state(sandbox, "by-hand")["StateReason"] == "drill"
        sandbox.advance(60)
        assert state(sandbox, "by-hand")["StateValue"] == "OK"


def test_the_shop_stands_in_three_zones(sandbox: Sandbox, shop: Shop) -> None:
    health = sandbox.client("elbv2").describe_target_health(TargetGroupArn=shop.target_group)
    assert [h["TargetHealth"]["State"] for h in health["TargetHealthDescriptions"]] == ["healthy"] * 3
