"""Servers that many companies use, ready to be chosen: the wizard is filled in, the secret is yours to enter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    key: str
    name: str
    description: str
    url: str
    needs: str
    """What the step Authentication will ask for, in words."""


PRESETS = (
    Preset(
        "github",
        "GitHub",
        "Repositories, issues and pull requests.",
        "https://api.githubcopilot.com/mcp/",
        "A fine-grained personal access token, as a bearer token.",
    ),
    Preset(
        "stripe",
        "Stripe",
        "Customers, invoices and payments.",
        "https://mcp.stripe.com/",
        "A restricted API key, as a bearer token.",
    ),
    Preset(
        "hugging-face",
        "Hugging Face",
        "Models, datasets and papers.",
        "https://huggingface.co/mcp",
        "An access token, as a bearer token.",
    ),
    Preset(
        "deepwiki",
        "DeepWiki",
        "Questions about public repositories.",
        "https://mcp.deepwiki.com/mcp",
        "No credential.",
    ),
)


def preset_named(key: str) -> Preset | None:
    return next((preset for preset in PRESETS if preset.key == key), None)
