"""IAM: roles and policies."""

from typing import Any

from sandbox.cloudformation.comparison import same
from sandbox.cloudformation.handlers.base import (
    Handler,
    Properties,
    absent,
    changed,
    handles,
    only,
    retag,
    tag_list,
    without,
)
from sandbox.cloudformation.world import Target


@handles("AWS::IAM::Role")
class Role(Handler):
    name_property = "RoleName"

    def create(self, target: Target, properties: Properties) -> str:
        name = str(properties.get("RoleName") or target.generated(64))
        asked = without(properties, "Policies", "ManagedPolicyArns", "RoleName", "Tags")
        target.call("iam", "create_role", RoleName=name, Tags=tag_list(properties.get("Tags")), **asked)
        self._policies(target, name, {}, properties)
        return name

    def _policies(self, target: Target, name: str, before: Properties, after: Properties) -> None:
        old = {p["PolicyName"]: p for p in before.get("Policies") or []}
        new = {p["PolicyName"]: p for p in after.get("Policies") or []}
        for policy in old.keys() - new.keys():
            target.call("iam", "delete_role_policy", RoleName=name, PolicyName=policy)
        for policy, body in new.items():
            if policy not in old or not same(old[policy], body):
                target.call("iam", "put_role_policy", RoleName=name, **body)
        had, has = before.get("ManagedPolicyArns") or [], after.get("ManagedPolicyArns") or []
        for arn in had:
            if arn not in has:
                target.call("iam", "detach_role_policy", RoleName=name, PolicyArn=arn)
        for arn in has:
            if arn not in had:
                target.call("iam", "attach_role_policy", RoleName=name, PolicyArn=arn)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, after)
        if "AssumeRolePolicyDocument" in different:
            document = after["AssumeRolePolicyDocument"]
            target.call("iam", "update_assume_role_policy", RoleName=physical, PolicyDocument=document)
        if not same(
            only(before, "Description", "MaxSessionDuration"), only(after, "Description", "MaxSessionDuration")
        ):
            words = {"Description": "", "MaxSessionDuration": 3600, **only(after, "Description", "MaxSessionDuration")}
            target.call("iam", "update_role", RoleName=physical, **words)
        boundary = after.get("PermissionsBoundary")
        if "PermissionsBoundary" in different:
            target.call("iam", "put_role_permissions_boundary", RoleName=physical, PermissionsBoundary=boundary)
        elif "PermissionsBoundary" in before and not boundary:
            target.call("iam", "delete_role_permissions_boundary", RoleName=physical)
        self._policies(target, physical, before, after)
        retag(
            before,
            after,
            lambda tags: target.call("iam", "tag_role", RoleName=physical, Tags=tag_list(tags)),
            lambda keys: target.call("iam", "untag_role", RoleName=physical, TagKeys=keys),
        )

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        self._policies(target, physical, properties, {})
        target.call("iam", "delete_role", RoleName=physical)

    def gone(self, target: Target, physical: str, properties: Properties) -> bool:
        return absent(lambda: target.call("iam", "get_role", RoleName=physical))

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        role = target.call("iam", "get_role", RoleName=physical)["Role"]
        return {"Arn": role["Arn"], "RoleId": role["RoleId"]}


_HOLDERS = (("Roles", "role", "RoleName"), ("Users", "user", "UserName"), ("Groups", "group", "GroupName"))


@handles("AWS::IAM::Policy")
class Policy(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        self._spread(target, {}, properties)
        return target.generated(64)

    def _spread(self, target: Target, before: Properties, after: Properties) -> None:
        for holders, kind, key in _HOLDERS:
            for name in before.get(holders) or []:
                if name not in (after.get(holders) or []) or before["PolicyName"] != after["PolicyName"]:
                    target.call("iam", f"delete_{kind}_policy", **{key: name}, PolicyName=before["PolicyName"])
            for name in after.get(holders) or []:
                asked = {key: name, **only(after, "PolicyName", "PolicyDocument")}
                target.call("iam", f"put_{kind}_policy", **asked)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        self._spread(target, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        self._spread(target, properties, {"PolicyName": properties["PolicyName"]})

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical}


@handles("AWS::IAM::ManagedPolicy")
class ManagedPolicy(Handler):
    name_property = "ManagedPolicyName"

    def create(self, target: Target, properties: Properties) -> str:
        made = target.call(
            "iam",
            "create_policy",
            PolicyName=properties.get("ManagedPolicyName") or target.generated(128),
            **without(properties, "ManagedPolicyName", "Roles", "Users", "Groups"),
        )
        arn = str(made["Policy"]["Arn"])
        self._attach(target, arn, {}, properties)
        return arn

    def _attach(self, target: Target, arn: str, before: Properties, after: Properties) -> None:
        for holders, kind, key in _HOLDERS:
            had, has = before.get(holders) or [], after.get(holders) or []
            for name in [n for n in had if n not in has]:
                target.call("iam", f"detach_{kind}_policy", **{key: name}, PolicyArn=arn)
            for name in [n for n in has if n not in had]:
                target.call("iam", f"attach_{kind}_policy", **{key: name}, PolicyArn=arn)

    def _versions(self, target: Target, arn: str) -> list[str]:
        found = target.call("iam", "list_policy_versions", PolicyArn=arn)["Versions"]
        return [v["VersionId"] for v in found if not v["IsDefaultVersion"]]

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        if "PolicyDocument" in changed(before, after):
            for version in self._versions(target, physical):
                target.call("iam", "delete_policy_version", PolicyArn=physical, VersionId=version)
            document = after["PolicyDocument"]
            target.call("iam", "create_policy_version", PolicyArn=physical, PolicyDocument=document, SetAsDefault=True)
        self._attach(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        self._attach(target, physical, properties, {})
        for version in self._versions(target, physical):
            target.call("iam", "delete_policy_version", PolicyArn=physical, VersionId=version)
        target.call("iam", "delete_policy", PolicyArn=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        found = target.call("iam", "get_policy", PolicyArn=physical)["Policy"]
        return {"PolicyArn": physical, **only(found, "PolicyId", "DefaultVersionId", "AttachmentCount", "IsAttachable")}
