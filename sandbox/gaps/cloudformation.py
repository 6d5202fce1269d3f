"""CloudFormation: the whole engine replaced by `sandbox.cloudformation`.

moto's is synchronous, has no resource events, no rollback and no change details, ignores a third of the types the
stack needs while saying CREATE_COMPLETE, and loses resources on update (moto.md section 1; aws-facts section 6).
Remove when moto runs stacks over time through a handler per type and refuses what it does not know.
"""


def mend() -> None:
    """Answer the service's requests with our own engine, and keep its stacks with the rest of the sandbox's state."""
    from moto.cloudformation import urls

    from sandbox.cloudformation import state, steps
    from sandbox.cloudformation.responses import Response
    from sandbox.gaps import apigatewayv2_cfn, elasticache_cfn, logs_cfn, rds_cfn
    from sandbox.state import register

    assert steps  # noqa: S101 - imported to register its transitions
    urls.url_paths["{0}/$"] = Response.dispatch
    for other in (apigatewayv2_cfn, elasticache_cfn, logs_cfn, rds_cfn):
        other.mend()
    register("cloudformation", state.dump, state.load)
