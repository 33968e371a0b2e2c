"""The addresses of control files: pages under settings/control-files/, and the files themselves at the root."""

from __future__ import annotations

from django.urls import path

from harriet.console.control_files.pages import (
    control_files_page,
    download_file,
    group_files_page,
    live_file,
    publish_files,
    withdraw_files,
)

control_files_urls = (
    [
        path("", control_files_page, name="list"),
        path("<uuid:pk>/", group_files_page, name="detail"),
        path("<uuid:pk>/publish/", publish_files, name="publish"),
        path("<uuid:pk>/withdraw/", withdraw_files, name="withdraw"),
        path("<uuid:pk>/<slug:client>/<str:name>", download_file, name="download"),
    ],
    "control_files",
)
live_urls = [path("control-files/<uuid:pk>/<slug:client>/<str:name>", live_file, name="live_control_file")]
