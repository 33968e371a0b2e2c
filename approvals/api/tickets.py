"""Tickets over the API. Programs read them and comment; people decide, in the browser: whoever holds a token may be the
very agent whose call waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import path, reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.exceptions import APIException
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response

from approvals.actions.approve_action import approve_action
from approvals.actions.claim_ticket import claim_ticket, release_ticket
from approvals.actions.comment_ticket import comment_ticket
from approvals.actions.edit_action import edit_action
from approvals.actions.hand_over_ticket import hand_over_ticket
from approvals.actions.reject_action import reject_action
from approvals.actions.report_behaviour import About, report_behaviour
from approvals.actions.see_ticket import NO_TICKET
from approvals.actions.withdraw_action import withdraw_action
from approvals.api import serializers as s
from approvals.deciders import needs_fresh_sign_in, refusal, ways_of
from approvals.errors import NotYours, TooLate
from approvals.models import PendingAction, Report, Ticket, TicketComment
from approvals.queries import tickets_for, waiting_for
from approvals.sealed_parts import sent_of
from connectors.models import Risk
from harriet.people.api.view_parts import checked
from harriet.people.errors import NotAllowed, NotFound, PeopleError
from harriet.people.models import Membership
from harriet.people.pages.fresh_sign_in import signed_in_lately

BY_PEOPLE = (
    "No token decides on a call, whoever holds it: it could be the very agent whose call waits. A person decides in "
    "the browser: {}"
)
SIGN_IN_AGAIN = "This call is dangerous: sign in again in the browser, and decide within the next minutes: {}"


class Conflict(APIException):
    status_code = 409


class ByNumber(CursorPagination):
    ordering = "-number"


@extend_schema_view(
    get=extend_schema(
        parameters=[
            OpenApiParameter("show", enum=["open", "waiting", "mine", "all"], description="Waiting: for the caller."),
            OpenApiParameter("state", enum=PendingAction.State.values),
            OpenApiParameter("risk", enum=Risk.values),
            OpenApiParameter("connector", description="Short name."),
        ]
    )
)
class Tickets(generics.ListAPIView[Ticket]):
    """Held calls that the caller may see, the newest first."""

    serializer_class = s.TicketSerializer
    pagination_class = ByNumber

    def get_queryset(self) -> QuerySet[Ticket]:
        request: Any = self.request
        membership, asked = request.membership, request.query_params
        shown = {
            "open": lambda: tickets_for(membership).filter(is_open=True),
            "waiting": lambda: waiting_for(membership),
            "mine": lambda: tickets_for(membership).filter(action__user=membership.user_id),
        }
        found = shown.get(asked.get("show", ""), lambda: tickets_for(membership))()
        fields = {"state": "action__state", "risk": "action__risk", "connector": "action__connector__slug"}
        wanted = {field: asked[name] for name, field in fields.items() if asked.get(name)}
        return found.filter(Q(**wanted)).order_by()


class OneTicket(generics.GenericAPIView[Ticket]):
    serializer_class = s.OneTicketSerializer

    @extend_schema(operation_id="tickets_retrieve_one")  # type: ignore[untyped-decorator]
    def get(self, request: Any, number: int) -> Response:
        return _shown(request, number)


class Approve(generics.GenericAPIView[Ticket]):
    serializer_class = s.OneTicketSerializer

    @extend_schema(request=s.ApproveSerializer)  # type: ignore[untyped-decorator]
    def post(self, request: Any, number: int) -> Response:
        """For people in the browser; 403 for tokens."""
        ticket = _to_decide(request, number, is_dangerous=True)
        with _told():
            approve_action(ticket.action, **checked(s.ApproveSerializer, request), actor=request.actor)
        return _shown(request, number)


class Edit(generics.GenericAPIView[Ticket]):
    serializer_class = s.EditedSerializer

    @extend_schema(request=s.EditCallSerializer)  # type: ignore[untyped-decorator]
    def post(self, request: Any, number: int) -> Response:
        """Changes what the call sends, and approves that. For people in the browser; 403 for tokens."""
        ticket = _to_decide(request, number, is_dangerous=True)
        given = checked(s.EditCallSerializer, request)
        arguments = given.pop("arguments").encode(errors="surrogatepass")
        with _told():
            became = edit_action(ticket.action, arguments, **given, actor=request.actor)
        return Response({"became": became})


class Reject(generics.GenericAPIView[Ticket]):
    serializer_class = s.OneTicketSerializer

    @extend_schema(request=s.ReasonSerializer)  # type: ignore[untyped-decorator]
    def post(self, request: Any, number: int) -> Response:
        """For people in the browser; 403 for tokens."""
        ticket = _to_decide(request, number)
        with _told():
            reject_action(ticket.action, **checked(s.ReasonSerializer, request), actor=request.actor)
        return _shown(request, number)


class Comments(generics.GenericAPIView[TicketComment]):
    serializer_class = s.CommentSerializer

    @extend_schema(request=s.TextSerializer, responses={201: s.CommentSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any, number: int) -> Response:
        with _told():
            comment = comment_ticket(
                _ticket(request, number), **checked(s.TextSerializer, request), actor=request.actor
            )
        return Response(s.CommentSerializer(comment).data, status=status.HTTP_201_CREATED)


class Claim(generics.GenericAPIView[Ticket]):
    serializer_class = s.OneTicketSerializer

    @extend_schema(request=None, responses={204: None})  # type: ignore[untyped-decorator]
    def post(self, request: Any, number: int) -> Response:
        """Says for 15 minutes that the caller is looking at it."""
        with _told():
            claim_ticket(_ticket(request, number), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={204: None})  # type: ignore[untyped-decorator]
    def delete(self, request: Any, number: int) -> Response:
        with _told():
            release_ticket(_ticket(request, number), actor=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class HandOver(generics.GenericAPIView[Ticket]):
    serializer_class = s.OneTicketSerializer

    @extend_schema(request=s.HandOverSerializer)  # type: ignore[untyped-decorator]
    def post(self, request: Any, number: int) -> Response:
        ticket = _ticket(request, number)
        if why_not := refusal(ticket.action, request.membership, rejects=True):
            raise NotAllowed(why_not)
        given = checked(s.HandOverSerializer, request)
        people = Membership.objects.filter(organization=request.organization, user__email__iexact=given["to"])
        to = people.filter(is_active=True).select_related("user").first()
        if to is None:
            raise PeopleError(f"There is nobody active with the address {given['to']} here.", field="to")
        with _told():
            hand_over_ticket(ticket, to, given["note"], actor=request.actor)
        return _shown(request, number)


class Withdraw(generics.GenericAPIView[Ticket]):
    serializer_class = s.OneTicketSerializer

    @extend_schema(request=None)  # type: ignore[untyped-decorator]
    def post(self, request: Any, number: int) -> Response:
        """One's own call; anybody's for those who manage connectors, in the browser."""
        with _told():
            withdraw_action(_ticket(request, number).action, actor=request.actor)
        return _shown(request, number)


class ReportTicket(generics.GenericAPIView[Report]):
    serializer_class = s.ReportSerializer

    @extend_schema(request=s.NewReportSerializer, responses={201: s.ReportSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any, number: int) -> Response:
        """Something odd about the call, for the admins."""
        about, given = About(ticket=_ticket(request, number)), checked(s.NewReportSerializer, request)
        with _told():
            report = report_behaviour(request.membership, about, **given, actor=request.actor)
        return Response(s.ReportSerializer(report).data, status=status.HTTP_201_CREATED)


def _ticket(request: Any, number: int) -> Ticket:
    found = tickets_for(request.membership).filter(number=number)
    ticket = found.select_related("organization", "action__token__agent", "action__ticket").first()
    if ticket is None:
        raise NotFound(NO_TICKET)
    return ticket


def _to_decide(request: Any, number: int, *, is_dangerous: bool = False) -> Ticket:
    """Raises NotAllowed for tokens, and for whoever has to sign in again."""
    ticket = _ticket(request, number)
    page = request.build_absolute_uri(reverse("tickets:detail", args=[number]))
    if request.actor.kind != "person":
        raise NotAllowed(BY_PEOPLE.format(page))
    if is_dangerous and needs_fresh_sign_in(ticket.action) and not signed_in_lately(request._request):
        raise NotAllowed(SIGN_IN_AGAIN.format(page))
    return ticket


def _shown(request: Any, number: int) -> Response:
    ticket = _ticket(request, number)
    ways, sent = ways_of(ticket.action, request.membership), sent_of(ticket.action)
    return Response(s.OneTicketSerializer(ticket, context={"ways": ways, "sent": sent, "request": request}).data)


@contextmanager
def _told() -> Iterator[None]:
    """403 for what somebody else does, 409 for what has moved on."""
    try:
        yield
    except NotYours as problem:
        raise NotAllowed(problem.message) from None
    except TooLate as problem:
        raise Conflict(problem.message) from None


ticket_api_urls = [
    path("tickets/", Tickets.as_view(), name="tickets"),
    path("tickets/<int:number>/", OneTicket.as_view(), name="ticket"),
    path("tickets/<int:number>/approve/", Approve.as_view(), name="ticket_approve"),
    path("tickets/<int:number>/edit/", Edit.as_view(), name="ticket_edit"),
    path("tickets/<int:number>/reject/", Reject.as_view(), name="ticket_reject"),
    path("tickets/<int:number>/comments/", Comments.as_view(), name="ticket_comments"),
    path("tickets/<int:number>/claim/", Claim.as_view(), name="ticket_claim"),
    path("tickets/<int:number>/hand_over/", HandOver.as_view(), name="ticket_hand_over"),
    path("tickets/<int:number>/withdraw/", Withdraw.as_view(), name="ticket_withdraw"),
    path("tickets/<int:number>/report/", ReportTicket.as_view(), name="ticket_report"),
]
