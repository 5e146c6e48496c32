"""The running system and the command, as the command's own tests have them."""

from tests.integration.cli.conftest import environment, lianxin

__all__ = ["environment", "lianxin"]
