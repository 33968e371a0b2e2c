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
    category: str


PRESETS = (
    Preset(
        "github",
        "GitHub",
        "Repositories, issues and pull requests.",
        "https://api.githubcopilot.com/mcp/",
        "A fine-grained personal access token, as a bearer token.",
        "Development",
    ),
    Preset(
        "stripe",
        "Stripe",
        "Customers, invoices and payments.",
        "https://mcp.stripe.com/",
        "A restricted API key, as a bearer token.",
        "Payments",
    ),
    Preset(
        "hugging-face",
        "Hugging Face",
        "Models, datasets and papers.",
        "https://huggingface.co/mcp",
        "An access token, as a bearer token.",
        "Models and data",
    ),
    Preset(
        "deepwiki",
        "DeepWiki",
        "Questions about public repositories.",
        "https://mcp.deepwiki.com/mcp",
        "No credential.",
        "Development",
    ),
)


CATEGORIES = tuple(dict.fromkeys(preset.category for preset in PRESETS))


def presets_found(text: str, category: str = "") -> list[Preset]:
    """Those that have every word, in their name, what they are for or their host, whatever the case."""
    words = text.casefold().split()
    return [
        one
        for one in PRESETS
        if category in {"", one.category} and all(word in _told(one).casefold() for word in words)
    ]


def _told(preset: Preset) -> str:
    return f"{preset.name} {preset.description} {preset.category} {preset.url}"


def preset_named(key: str) -> Preset | None:
    return next((preset for preset in PRESETS if preset.key == key), None)
