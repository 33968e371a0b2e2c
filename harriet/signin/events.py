"""What can happen at the door, as the audit log says it."""

from typing import Annotated

from audit.actor import Label
from audit.vocabulary.declaration import AuditEvent


class SigninEvent(AuditEvent):
    """Something that a person did about signing in."""

    person: Label


class SignedIn(SigninEvent):
    """A person signed in to the pages."""

    code = "signin.succeeded"
    sentence = "{person} signed in."


class PasswordChanged(SigninEvent):
    """Changed, set or reset."""

    code = "signin.password_changed"
    sentence = "{person} changed their password."


class FactorAdded(SigninEvent):
    """A second factor or passkey."""

    code = "signin.factor_added"
    sentence = "{person} added {factor} for signing in."
    factor: Annotated[str, "what kind of factor, in words"]


class FactorRemoved(SigninEvent):
    """A factor is gone."""

    code = "signin.factor_removed"
    sentence = "{person} removed {factor} for signing in."
    factor: Annotated[str, "what kind of factor, in words"]
