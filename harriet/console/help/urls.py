"""The addresses of Help."""

from django.urls import path

from harriet.console.help.pages import document_page, document_picture, documents_page, topic_page

help_urls = (
    [
        path("", documents_page, name="documents"),
        path("page/", topic_page, name="general"),
        path("page/<slug:key>/", topic_page, name="topic"),
        path("pictures/<str:name>", document_picture, name="picture"),
        path("<slug:name>/", document_page, name="document"),
    ],
    "help",
)
