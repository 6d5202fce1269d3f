"""SQS, SNS and EventBridge."""

from typing import Any

from sandbox.cloudformation.handlers.base import (
    Handler,
    Properties,
    changed,
    handles,
    only,
    retag,
    tag_list,
    tag_map,
    without,
)
from sandbox.cloudformation.world import Target


def _queue_defaults() -> Properties:
    return {
        "DelaySeconds": "0",
        "MaximumMessageSize": "262144",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "VisibilityTimeout": "30",
        "KmsMasterKeyId": "",
        "RedrivePolicy": "",
        "RedriveAllowPolicy": "",
    }


@handles("AWS::SQS::Queue")
class Queue(Handler):
    name_property = "QueueName"
    offers = frozenset({"QueueName"})

    def create(self, target: Target, properties: Properties) -> str:
        fifo = str(properties.get("FifoQueue", "")).lower() == "true"
        name = properties.get("QueueName") or target.generated(75) + (".fifo" if fifo else "")
        attributes = without(properties, "QueueName", "Tags")
        tags = tag_map(properties.get("Tags")) or None
        return str(target.call("sqs", "create_queue", QueueName=name, Attributes=attributes, tags=tags)["QueueUrl"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        asked = changed(before, after, "Tags", "QueueName", "FifoQueue")
        asked.update({k: v for k, v in _queue_defaults().items() if k in before and k not in after})
        if asked:
            target.call("sqs", "set_queue_attributes", QueueUrl=physical, Attributes=asked)
        retag(
            before,
            after,
            lambda tags: target.call("sqs", "tag_queue", QueueUrl=physical, Tags=tags),
            lambda keys: target.call("sqs", "untag_queue", QueueUrl=physical, TagKeys=keys),
        )

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("sqs", "delete_queue", QueueUrl=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        found = target.call("sqs", "get_queue_attributes", QueueUrl=physical, AttributeNames=["QueueArn"])["Attributes"]
        return {"Arn": found["QueueArn"], "QueueName": physical.rsplit("/", 1)[-1], "QueueUrl": physical}


@handles("AWS::SQS::QueuePolicy")
class QueuePolicy(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        self._set(target, properties["Queues"], properties["PolicyDocument"])
        return target.generated()

    def _set(self, target: Target, queues: list[str], document: Any) -> None:
        for url in queues:
            target.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": document})

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        self._set(target, [q for q in before["Queues"] if q not in after["Queues"]], "")
        self._set(target, after["Queues"], after["PolicyDocument"])

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        self._set(target, properties["Queues"], "")

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical}


@handles("AWS::SNS::Topic")
class Topic(Handler):
    name_property = "TopicName"
    offers = frozenset({"TopicName"})

    def create(self, target: Target, properties: Properties) -> str:
        name = properties.get("TopicName") or target.generated(200)
        attributes = without(properties, "TopicName", "Tags", "Subscription")
        tags = tag_list(properties.get("Tags"))
        arn = str(target.call("sns", "create_topic", Name=name, Attributes=attributes, Tags=tags)["TopicArn"])
        self._subscribe(target, arn, properties.get("Subscription") or [])
        return arn

    def _subscribe(self, target: Target, arn: str, subscriptions: list[Properties]) -> None:
        for subscription in subscriptions:
            target.call("sns", "subscribe", TopicArn=arn, **subscription)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        for name in {k for k in (*before, *after) if k not in ("Tags", "TopicName", "Subscription", "FifoTopic")}:
            if name in changed(before, after) or name not in after:
                value = after.get(name, "")
                target.call("sns", "set_topic_attributes", TopicArn=physical, AttributeName=name, AttributeValue=value)
        old = before.get("Subscription") or []
        self._subscribe(target, physical, [s for s in after.get("Subscription") or [] if s not in old])
        retag(
            before,
            after,
            lambda tags: target.call("sns", "tag_resource", ResourceArn=physical, Tags=tag_list(tags)),
            lambda keys: target.call("sns", "untag_resource", ResourceArn=physical, TagKeys=keys),
        )

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("sns", "delete_topic", TopicArn=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"TopicArn": physical, "TopicName": physical.rsplit(":", 1)[-1]}


@handles("AWS::SNS::TopicPolicy")
class TopicPolicy(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        self._set(target, properties)
        return target.generated()

    def _set(self, target: Target, properties: Properties) -> None:
        for arn in properties["Topics"]:
            document = properties["PolicyDocument"]
            target.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy", AttributeValue=document)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        self.delete(target, physical, {**before, "Topics": [t for t in before["Topics"] if t not in after["Topics"]]})
        self._set(target, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        # AWS puts the default policy back: the owner may do everything.
        for arn in properties["Topics"]:
            owner = {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes", "SNS:SetTopicAttributes"],
                "Resource": arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": target.account}},
            }
            document = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [owner]}
            target.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy", AttributeValue=document)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical}


@handles("AWS::SNS::Subscription")
class Subscription(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        attributes = without(properties, "TopicArn", "Protocol", "Endpoint", "Region")
        asked = only(properties, "TopicArn", "Protocol", "Endpoint")
        made = target.call("sns", "subscribe", **asked, Attributes=attributes, ReturnSubscriptionArn=True)
        return str(made["SubscriptionArn"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        for name, value in changed(before, after).items():
            target.call(
                "sns",
                "set_subscription_attributes",
                SubscriptionArn=physical,
                AttributeName=name,
                AttributeValue=value,
            )

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("sns", "unsubscribe", SubscriptionArn=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": physical}


@handles("AWS::Events::Rule")
class Rule(Handler):
    name_property = "Name"

    def create(self, target: Target, properties: Properties) -> str:
        name = str(properties.get("Name") or target.generated(64))
        self._put(target, name, properties)
        self._targets(target, name, {}, properties)
        return name

    def _put(self, target: Target, name: str, properties: Properties) -> None:
        asked = without(properties, "Name", "Targets", "Tags")
        tags = tag_list(properties.get("Tags")) or None
        target.call("events", "put_rule", Name=name, Tags=tags, **asked)

    def _targets(self, target: Target, name: str, before: Properties, after: Properties) -> None:
        bus = only(after or before, "EventBusName")
        new = after.get("Targets") or []
        dropped = [t["Id"] for t in before.get("Targets") or [] if t["Id"] not in [n["Id"] for n in new]]
        if dropped:
            target.call("events", "remove_targets", Rule=name, Ids=dropped, **bus)
        if new:
            target.call("events", "put_targets", Rule=name, Targets=new, **bus)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        if changed(before, after, "Targets", "Tags"):
            self._put(target, physical, without(after, "Tags"))
        self._targets(target, physical, before, after)
        arn = self._arn(target, physical, after)
        retag(
            before,
            after,
            lambda tags: target.call("events", "tag_resource", ResourceARN=arn, Tags=tag_list(tags)),
            lambda keys: target.call("events", "untag_resource", ResourceARN=arn, TagKeys=keys),
        )

    def _arn(self, target: Target, physical: str, properties: Properties) -> str:
        found = target.call("events", "describe_rule", Name=physical, **only(properties, "EventBusName"))
        return str(found["Arn"])

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        self._targets(target, physical, properties, only(properties, "EventBusName"))
        target.call("events", "delete_rule", Name=physical, **only(properties, "EventBusName"))

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": self._arn(target, physical, properties), "RuleName": physical}
