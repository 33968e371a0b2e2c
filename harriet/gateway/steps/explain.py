"""What is told when a call went wrong on its way: no more than is known of what became of it. Whoever called hears it
in words of theirs; the log has those of whoever looks after the connector beside."""

from __future__ import annotations

import asyncio

from connectors.errors import UpstreamError, UpstreamRefusedCredential, UpstreamTimeout
from harriet.gateway.errors import GatewayError, ToolRefusal
from harriet.gateway.policy.grant import Grant
from harriet.gateway.steps.caller_words import for_caller
from harriet.gateway.steps.health import Pauses
from harriet.gateway.steps.request import Sent
from harriet.lib.errors import Problem

NOT_KNOWN = "Whether it carried out the call is not known; look before you repeat it."
NOT_MADE = "The call itself was not made."
RAN = "The server had answered: the call was carried out, so look before you repeat it."


def explained(
    problem: BaseException, grant: Grant, sent: Sent, pauses: Pauses, deadline_seconds: float
) -> BaseException:
    """What the client is told. Says what became of the server to everyone else."""
    if isinstance(problem, GatewayError | asyncio.CancelledError):
        return problem
    redactor, connector = sent.redactor, grant.tool.connector
    if isinstance(problem, UpstreamError) and redactor is not None:
        problem.clean(lambda text: redactor.in_text(text)[0])  # the server's own words are quoted in it
    message = problem.message if isinstance(problem, Problem) else ""
    if not (sent.is_of_person and isinstance(problem, UpstreamRefusedCredential)):
        pauses.saw(problem, message, connector)
    if isinstance(problem, TimeoutError | UpstreamTimeout) and _is_outcome_open(problem):
        late = f"{connector.name} did not answer within {deadline_seconds:g} seconds."
        more = f" {problem.advice}" if isinstance(problem, UpstreamTimeout) and problem.advice else ""
        fault = f"{late}{more} {NOT_KNOWN}" if more else ""
        return ToolRefusal(f"{late} {NOT_KNOWN}", fault=fault, may_have_run=True)
    fate = _fate(problem)
    told = for_caller(problem, connector, is_of_person=sent.is_of_person)
    is_open = isinstance(problem, UpstreamError) and problem.is_outcome_open
    return ToolRefusal(f"{told}{fate}", fault=f"{message}{fate}", may_have_run=is_open)


def unexpected(sent: Sent) -> ToolRefusal:
    """Harriet itself failed in the middle of a call; the log says how."""
    may_have_run = sent.is_answered or sent.has_left
    return ToolRefusal(f"Something went wrong in Harriet. {_what_became(sent)}", may_have_run=may_have_run)


def _is_outcome_open(problem: BaseException) -> bool:
    return not isinstance(problem, UpstreamError) or problem.is_outcome_open


def _fate(problem: BaseException) -> str:
    """What the failure means for the call; no more than is known."""
    if not isinstance(problem, UpstreamError):
        return ""
    if not problem.was_made:
        return f" {NOT_MADE}"
    return f" {NOT_KNOWN}" if problem.is_outcome_open else ""


def _what_became(sent: Sent) -> str:
    if sent.is_answered:
        return RAN
    return NOT_KNOWN if sent.has_left else NOT_MADE
