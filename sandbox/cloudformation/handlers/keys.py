"""KMS keys and aliases, Secrets Manager secrets."""

import json
from typing import Any

from botocore.exceptions import ClientError

from sandbox.cloudformation.handlers.base import Handler, Properties, changed, handles, only, retag, tag_list, without
from sandbox.cloudformation.world import Target


@handles("AWS::KMS::Key")
class Key(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        aside = ("Enabled", "EnableKeyRotation", "PendingWindowInDays", "KeyPolicy", "Tags", "RotationPeriodInDays")
        tags = [{"TagKey": t["Key"], "TagValue": t["Value"]} for t in tag_list(properties.get("Tags"))]
        asked = without(properties, *aside)
        made = target.call("kms", "create_key", Policy=properties.get("KeyPolicy"), Tags=tags, **asked)
        made_id = str(made["KeyMetadata"]["KeyId"])
        self._switches(target, made_id, {"EnableKeyRotation": False, "Enabled": True}, properties)
        return made_id

    def _switches(self, target: Target, id: str, before: Properties, after: Properties) -> None:
        different = changed(before, {"EnableKeyRotation": False, "Enabled": True, **after})
        if "EnableKeyRotation" in different or "RotationPeriodInDays" in different:
            if str(after.get("EnableKeyRotation")).lower() == "true":
                target.call("kms", "enable_key_rotation", KeyId=id, **only(after, "RotationPeriodInDays"))
            else:
                target.call("kms", "disable_key_rotation", KeyId=id)
        if "Enabled" in different:
            on = str(different["Enabled"]).lower() == "true"
            target.call("kms", "enable_key" if on else "disable_key", KeyId=id)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, after)
        if "KeyPolicy" in different:
            target.call("kms", "put_key_policy", KeyId=physical, PolicyName="default", Policy=after["KeyPolicy"])
        if "Description" in different:
            target.call("kms", "update_key_description", KeyId=physical, Description=after["Description"])
        self._switches(target, physical, before, after)
        retag(
            before,
            after,
            lambda tags: target.call(
                "kms", "tag_resource", KeyId=physical, Tags=[{"TagKey": k, "TagValue": v} for k, v in tags.items()]
            ),
            lambda keys: target.call("kms", "untag_resource", KeyId=physical, TagKeys=keys),
        )

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        try:
            window = properties.get("PendingWindowInDays", 30)
            target.call("kms", "schedule_key_deletion", KeyId=physical, PendingWindowInDays=window)
        except ClientError as error:
            if error.response["Error"]["Code"] != "KMSInvalidStateException":
                raise

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        found = target.call("kms", "describe_key", KeyId=physical)["KeyMetadata"]
        return {"Arn": found["Arn"], "KeyId": physical}


@handles("AWS::KMS::Alias")
class Alias(Handler):
    name_property = "AliasName"

    def create(self, target: Target, properties: Properties) -> str:
        target.call("kms", "create_alias", **properties)
        return str(properties["AliasName"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        target.call("kms", "update_alias", **after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("kms", "delete_alias", AliasName=physical)


@handles("AWS::SecretsManager::Secret")
class Secret(Handler):
    name_property = "Name"

    def create(self, target: Target, properties: Properties) -> str:
        asked = without(properties, "GenerateSecretString", "Name", "Tags")
        if "GenerateSecretString" in properties:
            asked["SecretString"] = self._made(target, dict(properties["GenerateSecretString"]))
        name = properties.get("Name") or target.generated(64)
        tags = tag_list(properties.get("Tags"))
        return str(target.call("secretsmanager", "create_secret", Name=name, Tags=tags, **asked)["ARN"])

    def _made(self, target: Target, how: Properties) -> Any:
        rest = without(how, "SecretStringTemplate", "GenerateStringKey")
        password = target.call("secretsmanager", "get_random_password", **rest)["RandomPassword"]
        if "GenerateStringKey" not in how:
            return password
        return json.dumps({**json.loads(how.get("SecretStringTemplate", "{}")), how["GenerateStringKey"]: password})

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, after, "Tags")
        asked = only(different, "Description", "KmsKeyId", "SecretString")
        if "GenerateSecretString" in different:
            asked["SecretString"] = self._made(target, dict(after["GenerateSecretString"]))
        if asked:
            target.call("secretsmanager", "update_secret", SecretId=physical, **asked)
        retag(
            before,
            after,
            lambda tags: target.call("secretsmanager", "tag_resource", SecretId=physical, Tags=tag_list(tags)),
            lambda keys: target.call("secretsmanager", "untag_resource", SecretId=physical, TagKeys=keys),
        )

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("secretsmanager", "delete_secret", SecretId=physical, ForceDeleteWithoutRecovery=True)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical}
