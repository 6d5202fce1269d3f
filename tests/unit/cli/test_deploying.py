"""`haven deploy` over the deployment desk: every pause of the command line is a moment in which a worker works."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import haven
from services.cli.watching import Code, Desk
from services.domain.deployment.change_set import PropertyChange, ResourceChange
from services.domain.operation import State
from tests.unit.usecases.deployment_world import BOB, Scene

STORAGE = ("--stack", "data", "--set", "data.DatabaseStorage=80")
REASON = ("--reason", "Two zones are not enough")


class Pipeline:
    """The command line, and a worker that gets a turn whenever the command line pauses."""

    def __init__(self, name: str = "legacy") -> None:
        self.scene, self.pauses = Scene(name), 0
        self.work: Callable[[], None] = self._work

    def __call__(self, *words: str) -> Result:
        desk = Desk(self.scene.desk, self.scene.operations, self.scene.clock, self._pause)
        return CliRunner().invoke(haven, ("deploy", *words), obj=desk)

    def planned(self, *more: str) -> str:
        """The id of a plan that was worked out."""
        done = self("plan", self.scene.name, *more, "--wait", "--json")
        assert done.exit_code == 0, done.output
        return str(json.loads(done.stdout)["plan"])

    def live(self) -> list[str]:
        with self.scene.unit(readonly=True) as store:
            return [each.id for each in store.operations.live()]

    def _pause(self, _seconds: float) -> None:
        self.pauses += 1
        assert self.pauses < 500, "It is watched for ever."
        self.work()

    def _work(self) -> None:
        for each in self.live():
            self.scene.engine.advance(each)
        self.scene.clock.move(seconds=5)
        self.scene.snap()


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


def plan_file(where: Path, text: str) -> str:
    file = where / "plan.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_plan_is_watched_and_its_review_printed(pipeline: Pipeline) -> None:
    done = pipeline("plan", "legacy", *STORAGE, "--wait")
    assert done.exit_code == 0, done.output
    for said in (
        "is being worked out",
        "deployment of data (legacy), ready; 1 stack changes",
        "Risks, the worst first:",
        "USD a month",
        "legacy-data: changed",
        "    DatabaseStorage: 50 -> 80",
        "fingerprint ",
    ):
        assert said in done.output, done.output
    assert pipeline.scene.aws.executed == []


def test_without_waiting_the_plan_is_only_asked_for(pipeline: Pipeline) -> None:
    done = pipeline("plan", "legacy", *STORAGE, "--json")
    assert (done.exit_code, pipeline.pauses) == (0, 0)
    said = json.loads(done.stdout)
    assert said["state"] == "preparing"
    assert pipeline.live() == [said["operation"]]


def test_programs_read_the_review_from_standard_output_alone(pipeline: Pipeline) -> None:
    done = pipeline("plan", "legacy", *STORAGE, "--wait", "--json")
    seen = json.loads(done.stdout)
    (stack,) = seen["stacks"]
    assert (seen["state"], stack["name"]) == ("ready", "data")
    assert stack["parameters"] == [{"name": "DatabaseStorage", "before": "50", "after": "80"}]
    assert seen["price"]["change"] == pytest.approx(seen["price"]["after"] - seen["price"]["before"], abs=0.02)
    assert len(seen["fingerprint"]) == 32
    assert json.loads(pipeline("show", seen["plan"], "--json").stdout) == seen


def test_exactly_the_reviewed_plan_is_deployed_and_told_line_by_line(pipeline: Pipeline) -> None:
    plan = pipeline.planned(*STORAGE)
    done = pipeline("run", plan, *REASON, "--ticket", "OPS-4471", "--wait")
    assert done.exit_code == 0, done.output
    assert pipeline.scene.aws.stacks["data"].parameters["DatabaseStorage"] == "80"
    assert len(pipeline.scene.aws.executed) == 1
    assert "system asked for it: Two zones are not enough (OPS-4471)." in done.output
    assert "data: the stack UPDATE_COMPLETE" in done.output
    assert done.output.rstrip().splitlines()[-1].startswith("succeeded: ")
    lines = [line for line in done.output.splitlines() if "UPDATE_COMPLETE" in line]
    assert len(lines) == len(set(lines))


def test_what_was_before_is_not_told_and_what_would_change_nothing_is_done(pipeline: Pipeline) -> None:
    pipeline.scene.aws.touch("data")
    pipeline.scene.clock.move(seconds=30)
    pipeline.scene.snap()
    done = pipeline("run", pipeline.planned(*STORAGE), *REASON, "--wait")
    assert done.output.count("data: the stack UPDATE_COMPLETE") == 1
    again = pipeline("run", pipeline.planned(*STORAGE), *REASON, "--wait", "--json")
    assert (again.exit_code, json.loads(again.stdout)["state"]) == (0, "succeeded"), again.output
    assert "Nothing would change, so nothing is asked for." in again.stderr
    assert len(pipeline.scene.aws.executed) == 1


def test_another_fingerprint_is_refused(pipeline: Pipeline) -> None:
    refused = pipeline("run", pipeline.planned(*STORAGE), *REASON, "--fingerprint", "0" * 32)
    assert (refused.exit_code, "not the one that you saw" in refused.output) == (1, True)
    assert pipeline.live() == []


def dangerous(pipeline: Pipeline) -> str:
    """The plan that takes the second zone from a database."""
    off = PropertyChange(
        "/Properties/MultiAZ", "MultiAZ", "Properties", "true", "false", "Conditionally", True, "ParameterReference"
    )
    pipeline.scene.aws.effects["data", "DatabaseMultiAz"] = ResourceChange(
        "Database", "production-app", "AWS::RDS::DBInstance", "Modify", "Conditional", properties=(off,)
    )
    return pipeline.planned("--stack", "data", "--set", "data.DatabaseMultiAz=false")


def test_a_high_risk_asks_for_its_name_and_the_review_says_which() -> None:
    pipeline = Pipeline("production")
    plan = dangerous(pipeline)
    seen = pipeline("show", plan)
    assert '  to be confirmed: --confirm "production-app"' in seen.output
    assert "high     redundancy loss" in seen.output
    refused = pipeline("run", plan, *REASON)
    assert (refused.exit_code, "Type production-app to confirm" in refused.output) == (1, True)


def test_a_protected_environment_waits_for_a_person() -> None:
    pipeline = Pipeline("production")
    plan = pipeline.planned(*STORAGE)
    asked = pipeline("run", plan, *REASON, "--wait")
    assert asked.exit_code == Code.WAITS, asked.output
    assert "waits for a second person's approval until" in asked.output
    (running,) = pipeline.live()
    operation = pipeline.scene.read(running)
    pipeline.scene.operations.approve(BOB, running, operation.version)
    followed = pipeline("follow", running)
    assert followed.exit_code == 0, followed.output
    assert "bob.admin approved it." in followed.output


def test_with_patience_the_approval_is_waited_for() -> None:
    pipeline = Pipeline("production")
    plan = pipeline.planned(*STORAGE)

    def approve_later() -> None:
        for operation in map(pipeline.scene.read, pipeline.live()):
            if operation.state is State.AWAITING_APPROVAL and pipeline.pauses > 20:
                pipeline.scene.operations.approve(BOB, operation.id, operation.version)
        Pipeline._work(pipeline)

    pipeline.work = approve_later
    done = pipeline("run", plan, *REASON, "--wait", "--patience", "30m")
    assert done.exit_code == 0, done.output


def test_a_failed_deployment_ends_with_one_and_says_why(pipeline: Pipeline) -> None:
    pipeline.scene.aws.failing["data"] = "Insufficient capacity"
    done = pipeline("run", pipeline.planned(*STORAGE), *REASON, "--wait", "--json")
    assert done.exit_code == 1, done.output
    said = json.loads(done.stdout)
    assert said["state"] == "failed"
    assert "Insufficient capacity" in said["because"]
    assert "Insufficient capacity" in done.stderr


def test_no_worker_is_said_and_not_waited_for_for_ever(pipeline: Pipeline) -> None:

    def idle() -> None:
        pipeline.scene.clock.move(minutes=1)

    pipeline.work = idle
    done = pipeline("plan", "legacy", *STORAGE, "--wait")
    assert done.exit_code == 1
    assert "No worker has taken it yet: is one running (haven-worker)?" in done.output
    assert "No worker took it in time" in done.output
    assert done.output.count("No worker has taken it yet") == 1


def test_a_worker_that_is_gone_in_the_middle_leaves_it_to_a_person(pipeline: Pipeline) -> None:
    plan = pipeline.planned(*STORAGE)
    before = pipeline.pauses

    def dies() -> None:
        if pipeline.pauses - before > 3:
            pipeline.scene.clock.move(minutes=5)
        else:
            Pipeline._work(pipeline)

    pipeline.work = dies
    done = pipeline("run", plan, *REASON, "--wait")
    assert (done.exit_code, pipeline.scene.read(pipeline.live()[0]).state) == (Code.WAITS, State.RUNNING)
    assert "no worker seems to be running. What was sent goes on in AWS" in done.output


def test_an_interruption_only_stops_the_watching(pipeline: Pipeline) -> None:
    plan = pipeline.planned(*STORAGE)

    def interrupt() -> None:
        raise KeyboardInterrupt

    pipeline.work = interrupt
    stopped = pipeline("run", plan, *REASON, "--wait")
    (running,) = pipeline.live()
    assert stopped.exit_code == Code.STOPPED
    assert f"No longer watching. It goes on: haven deploy follow {running}" in stopped.output
    pipeline.work = pipeline._work
    assert pipeline("follow", running).exit_code == 0


def test_history_for_people_and_programs(pipeline: Pipeline) -> None:
    pipeline("run", pipeline.planned(*STORAGE), *REASON, "--wait")
    lines = pipeline("history", "legacy", "--stack", "data").output
    assert "legacy  deployment of data: deployed" in lines
    assert "  system; data; Two zones are not enough" in lines
    (first, *_) = json.loads(pipeline("history", "legacy", "--json", "--limit", "1").stdout)
    assert (first["who"], first["stacks"], first["outside"]) == ("system", ["data"], False)
    nowhere = pipeline("history", "nowhere")
    assert (nowhere.exit_code, "There is no environment nowhere." in nowhere.output) == (1, True)


def test_a_failed_stack_is_recovered(pipeline: Pipeline) -> None:
    scene = pipeline.scene
    scene.aws.stacks["data"].status = "UPDATE_ROLLBACK_FAILED"
    done = pipeline("recover", "legacy", "data", "continue", *REASON, "--skip", "Database", "--wait")
    assert done.exit_code == 0, done.output
    assert "continued rollback of legacy-data is asked for" in done.output
    assert scene.aws.stacks["data"].status == "UPDATE_ROLLBACK_COMPLETE"
    refused = pipeline("recover", "legacy", "data", "cancel", *REASON)
    assert (refused.exit_code, "not cancel" in refused.output) == (1, True)


def test_the_history_tells_what_was_recovered_and_by_what(pipeline: Pipeline) -> None:
    scene = pipeline.scene
    scene.aws.failing["data"] = "Database: no capacity"
    pipeline("run", pipeline.planned(*STORAGE), *REASON, "--wait")
    scene.aws.failing.clear()
    scene.aws.stacks["data"].status = "UPDATE_ROLLBACK_FAILED"
    pipeline("recover", "legacy", "data", "continue", "--reason", "It has to go on", "--wait")
    recovery, deployment = json.loads(pipeline("history", "legacy", "--json").stdout)
    assert (recovery["recovers"], deployment["recovers"]) == (deployment["operation"], None)
    (told,) = deployment["recoveries"]
    assert told | {"operation": "", "at": "", "ended_at": "", "because": ""} == {
        "operation": "", "what": "continued rollback of legacy-data", "act": "continue", "stack": "data",
        "who": "system", "reason": "It has to go on", "at": "", "ended_at": "", "state": "succeeded", "because": "",
    }  # fmt: skip
    lines = pipeline("history", "legacy").output
    assert f"It has to go on; of deployment of data ({deployment['operation']})" in lines
    assert f"then continued rollback of legacy-data by system ({recovery['operation']}, succeeded)" in lines


def test_a_plan_file_says_what_the_pipeline_would(pipeline: Pipeline, tmp_path: Path) -> None:
    file = plan_file(
        tmp_path,
        "environment: legacy\nstacks: [data]\nvalues:\n  data:\n    DatabaseStorage: 80\n"
        "reason: Two zones are not enough\nticket: OPS-1\nconfirm: [nothing-here]\n",
    )
    plan = pipeline.planned("--file", file, "--set", "data.DatabaseMultiAz=true")
    seen = json.loads(pipeline("show", plan, "--json").stdout)
    assert {each["name"]: each["after"] for each in seen["stacks"][0]["parameters"]} == {
        "DatabaseStorage": "80",
        "DatabaseMultiAz": "true",
    }
    done = pipeline("run", plan, "--file", file, "--wait")
    assert done.exit_code == 0, done.output
    assert "Two zones are not enough (OPS-1)" in done.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stacks: [data]", "environment: it must be given."),
        ("environment: legacy\nstack: data", "stack: there is no such field; there are environment, blueprint"),
        ("environment: legacy\nstacks: data", "stacks: a list is wanted."),
        ("environment: legacy\nvalues: {data: {DatabaseStorage: [1]}}", "values.data.DatabaseStorage: text is wanted."),
        ("environment: legacy\nvalues: {data: 4}", "values.data: fields are wanted."),
        ("environment: legacy\nwhole_shape: perhaps", "whole_shape: Input should be 'true' or 'false'."),
        ("environment: legacy\nenvironment: production", "line 2: environment stands there twice."),
        ("- environment", "it must be fields with values"),
        ("environment: [", "this is not YAML."),
        ("environment: production", "is for production, not for legacy."),
    ],
)
def test_a_wrong_plan_file_is_refused_by_the_fields_name(
    pipeline: Pipeline, tmp_path: Path, text: str, said: str
) -> None:
    refused = pipeline("plan", "legacy", "--file", plan_file(tmp_path, text))
    assert refused.exit_code == Code.USAGE, refused.output
    assert said in refused.output
    assert pipeline.live() == []


def test_values_stay_as_they_are_written(pipeline: Pipeline, tmp_path: Path) -> None:
    file = plan_file(tmp_path, "environment: legacy\nstacks: [data]\nvalues: {data: {DatabaseMultiAz: yes}}\n")
    refused = pipeline("plan", "--file", file)
    assert (refused.exit_code, "data.DatabaseMultiAz" in refused.output) == (1, True)


def test_what_is_missing_is_said(pipeline: Pipeline) -> None:
    nameless = pipeline("plan")
    assert (nameless.exit_code, "environment: name it" in nameless.output) == (2, True)
    reasonless = pipeline("run", pipeline.planned(*STORAGE))
    assert (reasonless.exit_code, "reason: say why" in reasonless.output) == (2, True)


def test_a_plan_that_nobody_runs_is_put_aside(pipeline: Pipeline) -> None:
    plan = pipeline.planned(*STORAGE)
    done = pipeline("discard", plan)
    assert (done.exit_code, done.output) == (
        0,
        f"plan {plan} is discarded. A worker deletes its change sets within minutes.\n",
    )
    again = pipeline("discard", plan, "--json")
    assert again.exit_code == 1
    assert "put aside before" in again.output
    shown = pipeline("show", plan)
    assert "legacy), discarded; 1 stack changes\n  system put it aside.\n" in shown.output
    refused = pipeline("run", plan, *REASON)
    assert refused.exit_code == 1
    assert pipeline.scene.aws.executed == []


def test_programs_read_that_a_plan_was_put_aside(pipeline: Pipeline) -> None:
    plan = pipeline.planned(*STORAGE)
    done = pipeline("discard", plan, "--json")
    assert json.loads(done.stdout) == {"plan": plan, "state": "discarded", "because": "system put it aside."}
