"""The addresses of usage, below /settings/usage/."""

from __future__ import annotations

from django.urls import path

from harriet.console.usage.pages import usage_csv, usage_page

usage_urls = ([path("", usage_page, name="page"), path("csv/", usage_csv, name="csv")], "usage")
