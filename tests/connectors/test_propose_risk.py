"""The risk class that is proposed, and why; a server's word never makes a tool look safer than its name."""

from __future__ import annotations

import pytest

from connectors.definitions.risk import propose_risk


@pytest.mark.parametrize(
    ("name", "annotations", "risk"),
    [
        ("list_contacts", {}, "read_only"),
        ("getUser", {}, "read_only"),
        ("send_mail", {}, "moderate"),
        ("delete_all", {}, "dangerous"),
        ("deleteAll", {"readOnlyHint": True}, "dangerous"),
        ("frobnicate", {}, "unknown"),
        ("frobnicate", {"readOnlyHint": True}, "unknown"),
        ("list_contacts", {"readOnlyHint": True}, "read_only"),
        ("send_mail", {"readOnlyHint": True}, "moderate"),
        ("send_mail", {"destructiveHint": False}, "moderate"),
        ("send_mail", {"readOnlyHint": True, "destructiveHint": True}, "dangerous"),
        ("delete_all", {"destructiveHint": False, "idempotentHint": True}, "dangerous"),
        ("list_contacts", {"destructiveHint": False}, "moderate"),
        ("get_and_delete", {"readOnlyHint": True}, "dangerous"),
        ("getOrCreateUser", {"readOnlyHint": True}, "moderate"),
        ("run_query", {"readOnlyHint": True}, "unknown"),
        ("d\u0435lete_all", {"readOnlyHint": True}, "unknown"),
        ("DELETE /users/{id}", {"readOnlyHint": True}, "dangerous"),
        ("PATCH /users/{id}", {}, "moderate"),
        ("GET /users", {}, "read_only"),
        ("", {"readOnlyHint": True}, "unknown"),
        ("frobnicate", {"readOnlyHint": "true"}, "unknown"),
        ("frobnicate", {"destructiveHint": True}, "dangerous"),
        ("frobnicate", {"destructiveHint": False}, "unknown"),
        ("list_contacts", {"destructiveHint": True}, "dangerous"),
        ("HTTPGet", {}, "read_only"),
        ("undelete", {}, "unknown"),
    ],
)
def test_the_class_follows_annotations_and_name(name: str, annotations: dict[str, object], risk: str) -> None:
    proposal = propose_risk({"name": name, "annotations": annotations})
    assert proposal.risk == risk
    assert proposal.reason.endswith(".")
    assert len(proposal.reason) <= 200


def test_a_contradiction_is_said() -> None:
    reason = propose_risk({"name": "delete_all", "annotations": {"readOnlyHint": True}}).reason
    assert reason == "The server says that it only reads, but its name says “delete”, which may not be undone."


@pytest.mark.parametrize("annotations", [None, [], "read only", 7])
def test_nonsense_for_annotations_is_no_annotation(annotations: object) -> None:
    assert propose_risk({"name": "frobnicate", "annotations": annotations}).risk == "unknown"
