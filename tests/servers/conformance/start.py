"""How the server was started: see tests/servers/conformance_server.py."""

import sys

PORT, *FLAGS = sys.argv[1:] or ["0"]
MODERN = "2026-07-28"
