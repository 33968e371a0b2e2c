"""The REST API of reviews. Whoever sees company settings reads them, by a token too; a person decides, signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from connectors.actions.approve_review import approve_review
from connectors.actions.comment_review import comment_review
from connectors.actions.send_back import block_connector, request_changes
from connectors.actions.submit_connector import submit_connector
from connectors.findings.base import FROM_LOW_TO_CRITICAL
from connectors.findings.score import band_of
from connectors.models import Review, ReviewComment
from connectors.queries import connector_of, review_of, reviews_of
from connectors.review_words import evidence_of, next_action
from harriet.people.api.newest import Newest
from harriet.people.api.view_parts import checked, demand_view


class ReviewFindingSerializer(serializers.Serializer[Any]):
    """Something that a check found, in the worst place first."""

    code = serializers.CharField(help_text="Of the check.")
    severity = serializers.ChoiceField([(str(one), one.capitalize()) for one in FROM_LOW_TO_CRITICAL])
    sentence = serializers.CharField()
    where = serializers.CharField(help_text="The tool and the part of it, or the part of the connector.")
    evidence = serializers.CharField(help_text="As it stands there. A server or an admin wrote it.")


class EvidenceSerializer(serializers.Serializer[Any]):
    """What was observed, and where."""

    source = serializers.CharField()  # type: ignore[assignment]  # of evidence, not of a field
    summary = serializers.CharField()


class ReviewCommentSerializer(serializers.ModelSerializer[ReviewComment]):
    author = serializers.CharField(source="author_label", read_only=True)

    class Meta:
        model = ReviewComment
        fields = ["id", "author", "text", "at"]


class ListedReviewSerializer(serializers.ModelSerializer[Review]):
    """A review without what takes reading."""

    connector = serializers.SlugField(source="connector.slug", read_only=True)
    connector_id = serializers.UUIDField(read_only=True)
    status = serializers.ChoiceField(Review.State.choices, source="state", read_only=True)
    band = serializers.SerializerMethodField(help_text="Low, Medium, High or Critical.")
    submitter = serializers.CharField(source="submitter_label", read_only=True)
    reviewer = serializers.CharField(source="reviewer_label", read_only=True)
    in_service = serializers.BooleanField(
        source="is_in_service", read_only=True, help_text="Approved before, and serving calls while this review waits."
    )
    next_action = serializers.SerializerMethodField()

    class Meta:
        model = Review
        fields = [
            "id",
            "connector",
            "connector_id",
            "status",
            "score",
            "band",
            "cause",
            "in_service",
            "submitter",
            "submitted_at",
            "reviewer",
            "decided_at",
            "words",
            "override_reason",
            "next_action",
        ]

    def get_band(self, review: Review) -> str:
        return band_of(review.score)

    def get_next_action(self, review: Review) -> str:
        return next_action(review)


class ReviewSerializer(ListedReviewSerializer):
    """A review with its evidence; `seen` goes back with the decision, which is about exactly this."""

    evidence = serializers.SerializerMethodField()
    findings = ReviewFindingSerializer(many=True, read_only=True)
    comments = ReviewCommentSerializer(many=True, read_only=True)
    seen = serializers.SerializerMethodField(help_text="SHA-256 of the definition.")

    class Meta(ListedReviewSerializer.Meta):
        fields = [*ListedReviewSerializer.Meta.fields, "evidence", "findings", "comments", "seen"]

    @extend_schema_field(EvidenceSerializer(many=True))  # type: ignore[untyped-decorator]
    def get_evidence(self, review: Review) -> list[dict[str, str]]:
        connector = connector_of(review.organization, review.connector_id)
        return [one._asdict() for one in evidence_of(review, connector)]

    def get_seen(self, review: Review) -> str:
        return bytes(review.digest).hex()


class ApproveReviewSerializer(serializers.Serializer[Any]):
    seen = serializers.CharField(max_length=64, help_text="As the review that you read has it.")
    words = serializers.CharField(required=False, default="", allow_blank=True)
    override_reason = serializers.CharField(
        required=False, default="", allow_blank=True, help_text="Of an owner, for what is Critical."
    )


class SendBackSerializer(serializers.Serializer[Any]):
    seen = serializers.CharField(max_length=64, help_text="As the review that you read has it.")
    words = serializers.CharField(help_text="Whoever submitted it is told.")


class NewCommentSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()


class NewestSubmitted(Newest):
    by = "submitted_at"


_STATUS = OpenApiParameter("status", enum=Review.State.values)


@extend_schema_view(get=extend_schema(parameters=[_STATUS]))
class Reviews(generics.ListAPIView[Review]):
    """The newest first; `status` narrows them."""

    serializer_class = ListedReviewSerializer
    pagination_class = NewestSubmitted

    def get_queryset(self) -> QuerySet[Review]:
        demand_view(self.request)
        found = reviews_of(self.request.organization)  # type: ignore[attr-defined]
        wanted = self.request.query_params.get("status")
        return found.filter(state=wanted) if wanted else found


class OneReview(generics.GenericAPIView[Review]):
    serializer_class = ReviewSerializer

    def get(self, request: Any, pk: UUID) -> Response:
        demand_view(request)
        return _shown(request, pk)


class ApproveReview(generics.GenericAPIView[Review]):
    serializer_class = ReviewSerializer

    @extend_schema(request=ApproveReviewSerializer)  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Not by a token."""
        return _decided(request, pk, ApproveReviewSerializer, approve_review)


class BlockConnector(generics.GenericAPIView[Review]):
    serializer_class = ReviewSerializer

    @extend_schema(request=SendBackSerializer)  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Not by a token."""
        return _decided(request, pk, SendBackSerializer, block_connector)


class RequestChanges(generics.GenericAPIView[Review]):
    serializer_class = ReviewSerializer

    @extend_schema(request=SendBackSerializer)  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Not by a token."""
        return _decided(request, pk, SendBackSerializer, request_changes)


class CommentReview(generics.GenericAPIView[Review]):
    serializer_class = ReviewSerializer

    @extend_schema(request=NewCommentSerializer, responses={201: ReviewCommentSerializer})  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Not by a token."""
        review = review_of(request.organization, pk)
        made = comment_review(review, checked(NewCommentSerializer, request)["text"], actor=request.actor)
        made.refresh_from_db()
        return Response(ReviewCommentSerializer(made).data, status=status.HTTP_201_CREATED)


class SubmitConnector(generics.GenericAPIView[Review]):
    serializer_class = ReviewSerializer

    @extend_schema(request=None)  # type: ignore[untyped-decorator]
    def post(self, request: Any, pk: UUID) -> Response:
        """Submits a connector again; the review that waits already is left as it is."""
        review = submit_connector(connector_of(request.organization, pk), actor=request.actor)
        return _shown(request, review.pk)


def _decided(
    request: Any, pk: UUID, body: type[serializers.Serializer[Any]], decide: Callable[..., Review]
) -> Response:
    decide(review_of(request.organization, pk), **checked(body, request), actor=request.actor)
    return _shown(request, pk)


def _shown(request: Any, pk: UUID) -> Response:
    return Response(ReviewSerializer(review_of(request.organization, pk)).data)


review_api_urls = [
    path("reviews/", Reviews.as_view(), name="reviews"),
    path("reviews/<uuid:pk>/", OneReview.as_view(), name="review"),
    path("reviews/<uuid:pk>/approve/", ApproveReview.as_view(), name="review_approve"),
    path("reviews/<uuid:pk>/block/", BlockConnector.as_view(), name="review_block"),
    path("reviews/<uuid:pk>/request_changes/", RequestChanges.as_view(), name="review_request_changes"),
    path("reviews/<uuid:pk>/comments/", CommentReview.as_view(), name="review_comments"),
    path("connectors/<uuid:pk>/submit/", SubmitConnector.as_view(), name="connector_submit"),
]
