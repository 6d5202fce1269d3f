"""How each service words it when it throttles, fails or denies: the codes botocore and people know (aws-facts 9)."""

from sandbox.wire import Answer, Call

IAM_PREFIXES = {"elbv2": "elasticloadbalancing", "apigatewayv2": "apigateway", "resourcegroupstaggingapi": "tag"}

THROTTLED = {
    "ec2": Answer("RequestLimitExceeded", "Request limit exceeded.", 503),
    "s3": Answer("SlowDown", "Please reduce your request rate.", 503),
    "rds": Answer("ThrottlingException", "Rate exceeded"),
    "sqs": Answer("ThrottlingException", "Rate exceeded"),
    "apigatewayv2": Answer("TooManyRequestsException", "Rate exceeded", 429),
    "arc-zonal-shift": Answer("ThrottlingException", "Rate exceeded", 429),
}
"""Where a service differs from its protocol: query services say Throttling, the others ThrottlingException."""


def throttled(call: Call) -> Answer:
    """Too many requests."""
    usual = "Throttling" if call.protocol == "query" else "ThrottlingException"
    return THROTTLED.get(call.service) or Answer(usual, "Rate exceeded")


def failed(call: Call, status: int) -> Answer:
    """The service is at fault: 503 says it is overloaded, anything else that it broke."""
    if status == 503:
        return Answer("Unavailable" if call.protocol == "ec2" else "ServiceUnavailable", "Service is unavailable", 503)
    code = "InternalError" if call.service in ("ec2", "s3") else "InternalFailure"
    return Answer(code, "The request processing has failed because of an unknown error, exception or failure.", status)


def denied(call: Call, account: str) -> Answer:
    """No policy allows it."""
    action = f"{IAM_PREFIXES.get(call.service, call.service)}:{call.operation}"
    if call.protocol == "ec2":
        return Answer("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    message = (
        f"User: arn:aws:iam::{account}:user/sandbox is not authorized to perform: {action} "
        f"because no identity-based policy allows the {action} action"
    )
    if call.protocol in ("query", "rest-xml"):
        return Answer("AccessDenied", message, 403)
    return Answer("AccessDeniedException", message, 403 if call.protocol == "rest-json" else 400)
