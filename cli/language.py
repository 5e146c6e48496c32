"""The language that the command speaks: Chinese, or English where the locale says so."""

import os
from typing import Any

from cli.messages import MESSAGES
from shared.web.messages import Language, register_messages, say

register_messages(MESSAGES)


def language() -> Language:
    """`en` where `LC_ALL`, `LC_MESSAGES` or `LANG` (the first one set) begins with `en`."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "en" if value.lower().startswith("en") else "zh"
    return "zh"


def tr(key: str, /, **parameters: Any) -> str:
    """The sentence behind `cli.{key}` in the language of now."""
    return say(f"cli.{key}", language(), parameters)
