"""The roles that Haven assumes in an account: a template of its own, deployed by the account's owner, not by Haven."""

from importlib import resources


def roles_template() -> str:
    """The text of templates/roles.yaml. No blueprint has it: Haven could not assume the roles that would deploy it."""
    return resources.files("provisioning").joinpath("templates", "roles.yaml").read_text(encoding="utf-8")
