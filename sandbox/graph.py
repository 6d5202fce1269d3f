"""moto's objects to bytes and back.

Backends are referred to by (service, account, region), never copied: an object that points at its backend points at
the living one again after a restart. moto holds a few things no pickle takes: private keys, locks, lambdas and
dictionaries that fill themselves; each has its way here.
"""

import pickle
import threading
from io import BytesIO
from types import FunctionType
from typing import Any

import dill
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from moto.backends import get_backend
from moto.core.base_backend import BackendDict, BaseBackend

IMAGES, BYTES, NOTHING = ("amis", "snapshots"), "sandbox images", pickle.dumps({})
_images: dict[int, tuple[tuple[int, ...], bytes]] = {}
RLOCK, PLAIN_LOCK = type(threading.RLock()), type(threading.Lock())
KEYS = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)


def backends() -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """What every backend in use holds: service -> account -> region -> attributes."""
    return {
        known.service_name: {a: {r: _attributes(b) for r, b in regions.items()} for a, regions in known.items()}
        for known in list(BackendDict._instances)
    }


def _attributes(backend: Any) -> dict[str, Any]:
    """A backend's attributes. The hundreds of images every EC2 backend is born with are most of the work of a save, so
    they are turned into bytes once, and again only when their number changes."""
    held: dict[str, Any] = backend.__dict__
    if "amis" not in held:
        return held
    size, key = (len(held["amis"]), len(held["snapshots"])), id(backend)
    if _images.get(key, ((), b""))[0] != size:
        _images[key] = (size, dump({name: held[name] for name in IMAGES}))
    return {name: value for name, value in held.items() if name not in IMAGES} | {BYTES: _images[key][1]}


def fill(found: dict[str, dict[str, dict[str, dict[str, Any]]]]) -> None:
    """Put back what `backends` gave."""
    for service, accounts in found.items():
        for account, regions in accounts.items():
            for region, attributes in regions.items():
                backend = get_backend(service)[account][region]
                backend.__dict__.clear()
                backend.__dict__.update(attributes)
                backend.__dict__.update(load(backend.__dict__.pop(BYTES, NOTHING)))


def dump(value: Any) -> bytes:
    """The object graph as bytes."""
    out = BytesIO()
    _Pickler(out, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return out.getvalue()


def load(body: bytes) -> Any:
    """What `dump` was given."""
    return _Unpickler(BytesIO(body)).load()


class _Pickler(pickle.Pickler):
    """The C pickler (dill's is in Python and takes ten times as long), with a way out for what it cannot take."""

    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, BaseBackend):
            service = _service_of(value)
            return None if service is None else ("backend", service, value.account_id, value.region_name)
        if isinstance(value, BackendDict):
            return ("backends", value.service_name)
        return None

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if kind is FunctionType:
            return NotImplemented if _importable(value) else (dill.loads, (dill.dumps(value),))
        if kind is RLOCK:
            return threading.RLock, ()
        if kind is PLAIN_LOCK:
            return threading.Lock, ()
        if isinstance(value, KEYS):
            pem = value.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            return _private_key, (pem,)
        if kind.__name__ == "ParameterDict" and kind.__module__ == "moto.ssm.models":
            return _parameters, (value.__dict__, dict(value))
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, identity: Any) -> Any:
        known = get_backend(identity[1])
        return known if identity[0] == "backends" else known[identity[2]][identity[3]]


def _service_of(backend: BaseBackend) -> str | None:
    for known in BackendDict._instances:
        if known.backend is type(backend):
            name: str = known.service_name
            return name
    return None


def _importable(function: FunctionType) -> bool:
    return "<" not in function.__qualname__


def _private_key(pem: bytes) -> Any:
    return serialization.load_pem_private_key(pem, None)


def _parameters(attributes: dict[str, Any], items: dict[str, Any]) -> Any:
    from moto.ssm.models import ParameterDict

    made = ParameterDict.__new__(ParameterDict)
    made.__dict__.update(attributes)
    made.update(items)
    made.default_factory = list
    return made
