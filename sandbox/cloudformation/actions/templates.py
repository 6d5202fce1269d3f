"""Actions that look at a template without deploying it."""

from typing import Any

from sandbox.cloudformation.actions import action
from sandbox.cloudformation.errors import Refused
from sandbox.cloudformation.intrinsics import text
from sandbox.cloudformation.requests import Request, template_text
from sandbox.cloudformation.template import Template
from sandbox.cloudformation.validation import capabilities_needed, examine


def _hidden(definition: dict[str, Any]) -> bool:
    return text(definition.get("NoEcho", False)) == "true"


def _needs(template: Template) -> dict[str, Any]:
    needed = capabilities_needed(template)
    if not needed:
        return {}
    types = sorted({d["Type"] for d in template.resources.values() if d["Type"].startswith("AWS::IAM::")})
    reason = f"The following resource(s) require capabilities: [{', '.join(types)}]"
    return {"Capabilities": needed, "CapabilitiesReason": reason}


@action("ValidateTemplate")
def validate_template(request: Request) -> dict[str, Any]:
    template, _ = examine(template_text(request), request.region)
    parameters = [
        {
            "ParameterKey": name,
            "NoEcho": _hidden(definition),
            **({"DefaultValue": text(definition["Default"])} if "Default" in definition else {}),
            **({"Description": definition["Description"]} if "Description" in definition else {}),
        }
        for name, definition in template.parameters.items()
    ]
    return {"Parameters": parameters, "Description": template.description, **_needs(template)}


@action("GetTemplateSummary")
def get_template_summary(request: Request) -> dict[str, Any]:
    if request.get("StackSetName"):
        raise Refused("NotImplemented", "Stack sets are not available in the sandbox", 501)
    written = request.stack().current.template if request.get("StackName") else template_text(request)
    template, _ = examine(written, request.region)
    types = sorted({d["Type"] for d in template.resources.values()})
    counted: dict[str, list[str]] = {}
    for name, definition in template.resources.items():
        counted.setdefault(definition["Type"], []).append(name)
    return {
        "Parameters": [_declared(n, d) for n, d in template.parameters.items()],
        "Description": template.description,
        "ResourceTypes": types,
        "Version": str(template.body.get("AWSTemplateFormatVersion", "2010-09-09")),
        "ResourceIdentifierSummaries": [{"ResourceType": t, "LogicalResourceIds": n} for t, n in counted.items()],
        **_needs(template),
    }


def _declared(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    # Of the constraints AWS returns only the allowed values.
    allowed = [text(v) for v in definition.get("AllowedValues") or []]
    return {
        "ParameterKey": name,
        "ParameterType": str(definition["Type"]),
        "NoEcho": _hidden(definition),
        "ParameterConstraints": {"AllowedValues": allowed} if allowed else {},
        **({"DefaultValue": text(definition["Default"])} if "Default" in definition else {}),
        **({"Description": str(definition["Description"])} if "Description" in definition else {}),
    }
