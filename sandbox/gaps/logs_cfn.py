"""CloudWatch Logs: giving a log group a key, or taking it away, which stack updates need and moto lacks.

An action another module already brings is left alone. Remove when moto has AssociateKmsKey and DisassociateKmsKey.
"""

from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.logs.responses import LogsResponse


def _group(self: Any) -> Any:
    name = self._get_param("logGroupName")
    found = self.logs_backend.groups.get(name)
    if found is None:
        raise JsonRESTError("ResourceNotFoundException", "The specified log group does not exist.")
    return found


def associate_kms_key(self: Any) -> str:
    """AssociateKmsKey."""
    _group(self).kms_key_id = self._get_param("kmsKeyId")
    return ""


def disassociate_kms_key(self: Any) -> str:
    """DisassociateKmsKey."""
    _group(self).kms_key_id = None
    return ""


def mend() -> None:
    """Add the actions that are not there."""
    for function in (associate_kms_key, disassociate_kms_key):
        if not hasattr(LogsResponse, function.__name__):
            setattr(LogsResponse, function.__name__, function)
