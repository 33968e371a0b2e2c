"""Every environment variable that Harriet reads is documented, and nothing else is."""

import ast
import re
from pathlib import Path

from django.conf import global_settings

ROOT = Path(__file__).resolve().parents[2]
APPS = ("harriet", "audit", "vault", "connectors", "approvals")
OF_LIBRARIES = re.compile(
    r"(ACCOUNT|ALLAUTH|MFA|CELERY|GUARDIAN|WHITENOISE|OAUTH2_PROVIDER)_|OAUTH2_PROVIDER$|REST_FRAMEWORK$"
    r"|SPECTACULAR_SETTINGS$|CONTENT_SECURITY_POLICY$|ANONYMOUS_USER_NAME$|ROOT_URLCONF$|EMAIL_FILE_PATH$"
)


def test_each_variable_is_documented_and_there_are_few() -> None:
    read = set(re.findall(r'\benv(?:_\w+)?\(\s*"([A-Z_]+)"', (ROOT / "harriet" / "settings.py").read_text()))
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "production.md").read_text(), re.MULTILINE))
    assert read == documented, "its row in docs/production.md"
    assert len(read) == 19, (
        "A dozen to run it, one for MCP clients in browsers, one for local servers, three to watch it, one for the "
        "folder that several machines share, and one for names that differ inside and outside of a company. "
        "Whoever needs one more counts it here, with its reason."
    )


def test_no_other_file_reads_the_environment() -> None:
    """But `start`, which asks whether it needs servers of its own, the set-up file, which may name a variable, and
    `probe`, which the conformance suite tells there what to call."""
    readers = {
        str(path.relative_to(ROOT))
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"os\.environ|os\.getenv|\benv(?:_\w+)?\(\s*\"", path.read_text())
    }
    allowed = {"harriet/settings.py", "harriet/lib/env.py", "harriet/asgi.py", "harriet/celery.py"}
    assert readers - allowed == {
        "harriet/start/run.py",
        "harriet/start/processes.py",
        "harriet/console/setup_file/form.py",
        "connectors/management/commands/probe.py",
    }


def test_each_setting_of_our_own_is_used() -> None:
    tree = ast.parse((ROOT / "harriet" / "settings.py").read_text())
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own = {name for name in stored if name.isupper() and name[0] != "_" and not hasattr(global_settings, name)}
    own = {name for name in own if not OF_LIBRARIES.match(name)}
    code = "\n".join(path.read_text() for app in APPS for path in (ROOT / app).rglob("*.py"))
    loaded = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert own
    assert {name for name in own if not re.search(rf"\bsettings\.{name}\b", code)} <= loaded
