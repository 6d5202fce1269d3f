"""EventBridge: what AWS's services tell the default event bus, and its way from there to the targets of rules.

Mends: moto sends no service's events but S3's, delivers from disabled rules too, ignores Input and InputPath, sends an
`ingestion-time` AWS does not, cannot reach SNS, delivers where nothing allows it, and a queue's policy is gone as soon
as another of its attributes is set. Here RDS, ECS, CloudWatch alarms
and CloudFormation tell the bus; a rule's targets get it half a second later, if the queue's, topic's or log group's own
policy (and the key's) lets events.amazonaws.com; if not, the target's dead-letter queue gets it, and nobody says so.
Node-based ElastiCache sends nothing to EventBridge on AWS: its notices go to the group's SNS topic (`notices`), and
from a topic to a queue only if the queue's policy lets sns.amazonaws.com.
Facts: aws-facts 1.5, 2.2, 3.5, 6.5. Scheduled rules do not run.
Remove when: moto's services tell the bus, and its rules look at states and policies.

Parts: `shapes` and `permission` are pure, `sources` listens to the services, `bus` finds the rules, `weather` loses,
doubles and reorders on demand, `delivery` sends, `topics` is SNS.
"""

from moto.events.models import EventPattern, Rule
from moto.events.responses import EventsHandler
from moto.sns.models import Subscription
from moto.sqs.models import Queue

from sandbox.gaps.eventbridge import bus, delivery, notices, patterns, queues, sources, topics, weather


def mend() -> None:
    """Put the above in place of moto's, once."""
    if Rule.send_to_targets is bus.send_to_targets:
        return
    delivery.elsewhere = Rule.send_to_targets
    Rule.send_to_targets = bus.send_to_targets
    EventPattern._flatten_dict = staticmethod(patterns.flatten)
    EventsHandler.test_event_pattern = patterns.test_event_pattern
    Subscription.publish = topics.permitted(Subscription.publish)
    Queue._set_attributes = queues.keep_policy(Queue._set_attributes)
    sources.listen()
    notices.listen()
    weather.keep()
