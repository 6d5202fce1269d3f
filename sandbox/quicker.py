"""What moto works out anew for each request, or makes for each account, and nobody here asks for or sees change.

No answer is another one for it but the list of AWS's machine images, which is empty: no instance is made of them here.
`tests/unit/sandbox/test_quicker.py` holds the keys against moto's own. Without these lines all goes on, slower.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import Any

from moto.core import responses
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker

Keys = Callable[[Any, AttributePickerContext], Iterator[str]]


@cache
def hasten() -> None:
    """Called by the application before its first request."""
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # hundreds for each account and region; all runs on Fargate
    responses.method_names_from_class = cache(responses.method_names_from_class)
    responses.camelcase_to_underscores = cache(responses.camelcase_to_underscores)
    picker: Any = XFormedAttributePicker
    picker.get_possible_keys = remembered(picker.get_possible_keys)


def remembered(keys: Keys) -> Keys:
    """The same keys, worked out once for each class of object and member of a shape: they depend on nothing else."""
    known: dict[tuple[object, ...], tuple[str, ...]] = {}

    @wraps(keys)
    def get_possible_keys(self: Any, context: AttributePickerContext) -> Iterator[str]:
        parent = getattr(context.shape, "parent", None)
        if parent is None or context.service_model is None:
            return keys(self, context)
        service = context.service_model.service_name
        member = (type(context.obj), service, parent.name, context.key, context.shape.name)
        if member not in known:
            known[member] = tuple(keys(self, context))
        return iter(known[member])

    return get_possible_keys
