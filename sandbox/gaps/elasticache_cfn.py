"""ElastiCache: parameter groups, and changing or removing subnet groups, which stacks need and moto lacks.

Follows the service's model (botocore) and its error codes. An action another module already brings is left alone.
Remove when moto has cache parameter groups and DeleteCacheSubnetGroup/ModifyCacheSubnetGroup.
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.responses import ElastiCacheResponse

from sandbox.wire import Answer

_KEPT = "haven_parameter_groups"
_DEFAULTS = ("redis4.0", "redis5.0", "redis6.x", "redis7", "valkey7", "valkey8", "memcached1.6")


def _groups(response: Any) -> dict[str, dict[str, Any]]:
    """The parameter groups of the request's account and region, kept with moto's own backend."""
    found: dict[str, dict[str, Any]] = response.elasticache_backend.__dict__.setdefault(_KEPT, {})
    return found


def _find(response: Any, name: str) -> dict[str, Any]:
    if name.startswith("default.") and name.removeprefix("default.").removesuffix(".cluster.on") in _DEFAULTS:
        family = name.removeprefix("default.").removesuffix(".cluster.on")
        arn = f"arn:aws:elasticache:{response.region}:{response.current_account}:parametergroup:{name}"
        described = f"Default parameter group for {family}"
        return {"name": name, "family": family, "description": described, "arn": arn, "values": {}}
    found = _groups(response).get(name)
    if found is None:
        raise Answer("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.", 404)
    return found


def _shown(group: dict[str, Any]) -> dict[str, Any]:
    return {
        "CacheParameterGroupName": group["name"],
        "CacheParameterGroupFamily": group["family"],
        "Description": group["description"],
        "IsGlobal": False,
        "ARN": group["arn"],
    }


def create_cache_parameter_group(self: Any) -> ActionResult:
    """CreateCacheParameterGroup."""
    name = str(self._get_param("CacheParameterGroupName")).lower()
    family = self._get_param("CacheParameterGroupFamily")
    if name in _groups(self):
        raise Answer("CacheParameterGroupAlreadyExists", f"Parameter group {name} already exists")
    if family not in _DEFAULTS:
        raise Answer(
            "InvalidParameterValue", f"CacheParameterGroupFamily {family} is not a valid parameter group family."
        )
    arn = f"arn:aws:elasticache:{self.region}:{self.current_account}:parametergroup:{name}"
    group = {
        "name": name,
        "family": family,
        "description": self._get_param("Description"),
        "arn": arn,
        "values": {},
    }
    _groups(self)[name] = group
    self.elasticache_backend.tagging_service.tag_resource(arn, self._get_param("Tags", []) or [])
    return ActionResult({"CacheParameterGroup": _shown(group)})


def describe_cache_parameter_groups(self: Any) -> ActionResult:
    """DescribeCacheParameterGroups."""
    name = self._get_param("CacheParameterGroupName")
    groups = [_find(self, name)] if name else list(_groups(self).values())
    return ActionResult({"CacheParameterGroups": [_shown(g) for g in groups]})


def describe_cache_parameters(self: Any) -> ActionResult:
    """DescribeCacheParameters: those a user has set."""
    group = _find(self, self._get_param("CacheParameterGroupName"))
    rows = [{"ParameterName": k, "ParameterValue": v, "Source": "user"} for k, v in group["values"].items()]
    return ActionResult({"Parameters": rows})


def modify_cache_parameter_group(self: Any) -> ActionResult:
    """ModifyCacheParameterGroup: at most twenty values at a time."""
    group = _find(self, self._get_param("CacheParameterGroupName"))
    given = self._get_param("ParameterNameValues", []) or []
    if not 1 <= len(given) <= 20:
        raise Answer("InvalidParameterCombination", "Between 1 and 20 parameters can be modified in a single request.")
    group["values"].update({p["ParameterName"]: p.get("ParameterValue", "") for p in given})
    return ActionResult({"CacheParameterGroupName": group["name"]})


def reset_cache_parameter_group(self: Any) -> ActionResult:
    """ResetCacheParameterGroup: some values, or all."""
    group = _find(self, self._get_param("CacheParameterGroupName"))
    if str(self._get_param("ResetAllParameters", "")).lower() == "true":
        group["values"].clear()
    for parameter in self._get_param("ParameterNameValues", []) or []:
        group["values"].pop(parameter["ParameterName"], None)
    return ActionResult({"CacheParameterGroupName": group["name"]})


def delete_cache_parameter_group(self: Any) -> ActionResult:
    """DeleteCacheParameterGroup; refused while a replication group uses it."""
    name = self._get_param("CacheParameterGroupName")
    group = _find(self, name)
    users = [g for g in self.elasticache_backend.replication_groups.values() if _uses(g, name)]
    if users:
        raise Answer(
            "InvalidCacheParameterGroupState",
            f"One or more cache clusters are still members of this parameter group {name}.",
        )
    _groups(self).pop(group["name"], None)
    return EmptyResult()


def _uses(replication_group: Any, name: str) -> bool:
    used = getattr(replication_group, "cache_parameter_group_name", None)
    return (used.get("CacheParameterGroupName") if isinstance(used, dict) else used) == name


def _subnet_group(self: Any) -> Any:
    name = self._get_param("CacheSubnetGroupName")
    found = self.elasticache_backend.cache_subnet_groups.get(name)
    if found is None:
        raise Answer("CacheSubnetGroupNotFoundFault", f"CacheSubnetGroup {name} not found.", 404)
    return found


def modify_cache_subnet_group(self: Any) -> ActionResult:
    """ModifyCacheSubnetGroup."""
    group = _subnet_group(self)
    subnets = self._get_param("SubnetIds", []) or group.subnet_ids
    description = self._get_param("CacheSubnetGroupDescription") or group.cache_subnet_group_description
    made = type(group)(
        self.current_account, self.region, group.cache_subnet_group_name, description, subnets, list(group.tags)
    )
    self.elasticache_backend.cache_subnet_groups[group.cache_subnet_group_name] = made
    return ActionResult({"CacheSubnetGroup": made})


def delete_cache_subnet_group(self: Any) -> ActionResult:
    """DeleteCacheSubnetGroup; refused while a replication group uses it."""
    group = _subnet_group(self)
    name = group.cache_subnet_group_name
    used = [
        g
        for g in self.elasticache_backend.replication_groups.values()
        if getattr(g, "cache_subnet_group_name", None) == name
    ]
    if used:
        raise Answer("CacheSubnetGroupInUse", f"Cache subnet group {name} is currently in use by a cache cluster.")
    del self.elasticache_backend.cache_subnet_groups[name]
    return EmptyResult()


ACTIONS = (
    create_cache_parameter_group,
    delete_cache_parameter_group,
    delete_cache_subnet_group,
    describe_cache_parameter_groups,
    describe_cache_parameters,
    modify_cache_parameter_group,
    modify_cache_subnet_group,
    reset_cache_parameter_group,
)


def mend() -> None:
    """Add the actions that are not there."""
    for function in ACTIONS:
        if not hasattr(ElastiCacheResponse, function.__name__):
            setattr(ElastiCacheResponse, function.__name__, function)
