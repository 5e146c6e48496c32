"""The running system and the command, as the command's own tests have them."""

from tests.integration.cli.conftest import environment, lianxin, package_broker, package_mongodb_uri

__all__ = ["environment", "lianxin", "package_broker", "package_mongodb_uri"]
