"""Makes docs/oauth-scoreboard.md anew, by what happens with each answer.

python -m tests.oauth.scoreboard
"""

from __future__ import annotations

import sys

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["tests/oauth/test_publish_scoreboard.py", "--write", "-q", "-p", "no:cacheprovider"]))
