"""Where tools are tried; mounted under settings/tools/."""

from django.urls import path

from harriet.console.tools.views import try_page

tool_urls = ([path("<uuid:pk>/try/", try_page, name="try")], "tools")
