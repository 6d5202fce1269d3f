"""S3 buckets and their policies."""

from typing import Any

from sandbox.cloudformation.errors import Unsupported
from sandbox.cloudformation.handlers.base import Handler, Properties, changed, handles, tag_list
from sandbox.cloudformation.world import Target

_KNOWN = {
    "BucketName",
    "BucketEncryption",
    "LifecycleConfiguration",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "Tags",
    "VersioningConfiguration",
}


def _lifecycle(rule: Properties) -> Properties:
    """A lifecycle rule as the API wants it: the template keeps flat what the API nests."""
    made = {k: v for k, v in rule.items() if k in ("Status", "AbortIncompleteMultipartUpload", "Transitions")}
    made["ID"] = rule.get("Id")
    made["Filter"] = {"Prefix": rule.get("Prefix", "")}
    if "ExpirationInDays" in rule:
        made["Expiration"] = {"Days": rule["ExpirationInDays"]}
    if "NoncurrentVersionExpiration" in rule:
        made["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
    aborted = made.get("AbortIncompleteMultipartUpload")
    if aborted and "DaysAfterInitiation" not in aborted:
        raise Unsupported("LifecycleConfiguration/Rules/AbortIncompleteMultipartUpload")
    known = {*made, "Id", "Prefix", "ExpirationInDays", "NoncurrentVersionExpiration"}
    strange = sorted(set(rule) - known)
    if strange:
        raise Unsupported(f"LifecycleConfiguration/Rules/{strange[0]}")
    return made


def _encryption(given: Properties) -> Properties:
    rules = [
        {
            "ApplyServerSideEncryptionByDefault": r.get("ServerSideEncryptionByDefault"),
            "BucketKeyEnabled": r.get("BucketKeyEnabled"),
        }
        for r in given["ServerSideEncryptionConfiguration"]
    ]
    return {"Rules": rules}


@handles("AWS::S3::Bucket")
class Bucket(Handler):
    name_property = "BucketName"

    def create(self, target: Target, properties: Properties) -> str:
        strange = sorted(set(properties) - _KNOWN)
        if strange:
            raise Unsupported(strange[0])
        name = str(properties.get("BucketName") or target.generated(63, lower=True))
        place = {} if target.region == "us-east-1" else {"LocationConstraint": target.region}
        target.call("s3", "create_bucket", Bucket=name, CreateBucketConfiguration=place or None)
        self._put(target, name, properties)
        return name

    def _put(self, target: Target, name: str, given: Properties) -> None:
        if "BucketEncryption" in given:
            encryption = _encryption(given["BucketEncryption"])
            target.call("s3", "put_bucket_encryption", Bucket=name, ServerSideEncryptionConfiguration=encryption)
        if "OwnershipControls" in given:
            target.call(
                "s3", "put_bucket_ownership_controls", Bucket=name, OwnershipControls=given["OwnershipControls"]
            )
        if "PublicAccessBlockConfiguration" in given:
            block = given["PublicAccessBlockConfiguration"]
            target.call("s3", "put_public_access_block", Bucket=name, PublicAccessBlockConfiguration=block)
        if "VersioningConfiguration" in given:
            versioning = given["VersioningConfiguration"]
            target.call("s3", "put_bucket_versioning", Bucket=name, VersioningConfiguration=versioning)
        if "LifecycleConfiguration" in given:
            rules = {"Rules": [_lifecycle(r) for r in given["LifecycleConfiguration"]["Rules"]]}
            target.call("s3", "put_bucket_lifecycle_configuration", Bucket=name, LifecycleConfiguration=rules)
        if given.get("Tags"):
            target.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": tag_list(given["Tags"])})

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        strange = sorted(set(after) - _KNOWN)
        if strange:
            raise Unsupported(strange[0])
        removals = {
            "LifecycleConfiguration": "delete_bucket_lifecycle",
            "PublicAccessBlockConfiguration": "delete_public_access_block",
            "OwnershipControls": "delete_bucket_ownership_controls",
            "BucketEncryption": "delete_bucket_encryption",
            "Tags": "delete_bucket_tagging",
        }
        for name, operation in removals.items():
            if name in before and name not in after:
                target.call("s3", operation, Bucket=physical)
        self._put(target, physical, changed(before, after))

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("s3", "delete_bucket", Bucket=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {
            "Arn": f"arn:aws:s3:::{physical}",
            "DomainName": f"{physical}.s3.amazonaws.com",
            "RegionalDomainName": f"{physical}.s3.{target.region}.amazonaws.com",
            "DualStackDomainName": f"{physical}.s3.dualstack.{target.region}.amazonaws.com",
            "WebsiteURL": f"http://{physical}.s3-website-{target.region}.amazonaws.com",
        }


@handles("AWS::S3::BucketPolicy")
class BucketPolicy(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        self.update(target, "", {}, properties)
        return str(properties["Bucket"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        target.call("s3", "put_bucket_policy", Bucket=after["Bucket"], Policy=after["PolicyDocument"])

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("s3", "delete_bucket_policy", Bucket=properties["Bucket"])
