"""Where tools are tried; mounted under settings/tools/."""

from django.urls import path

from harriet.console.tools import views

tool_urls = ([path("<uuid:pk>/try/", views.try_page, name="try")], "tools")
