"""What can be foreseen to go wrong: one sentence and an exit status, never a traceback."""

from typing import Any

import httpx
import typer
from rich.console import Console
from typer.core import TyperGroup

from cli.language import tr

FAILED = 1
INTERRUPTED = 130


class Failure(Exception):
    """Ends the command with `message` on standard error and `status` to the shell."""

    def __init__(self, message: str, status: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def failure(key: str, /, **parameters: Any) -> Failure:
    """A failure with the sentence behind `cli.{key}`."""
    return Failure(tr(key, **parameters))


class Guarded(TyperGroup):
    """The outermost command: turns failures of whatever runs inside into a sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the sub-command."""
        try:
            return super().invoke(ctx)
        except Failure as error:
            message, status = error.message, error.status
        except httpx.TransportError as error:
            message, status = tr("away", url=_address(error), error=_words(error)), FAILED
        except KeyboardInterrupt:
            message, status = tr("interrupted"), INTERRUPTED
        except BrokenPipeError:
            raise typer.Exit(FAILED) from None
        Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False)
        raise typer.Exit(status)


def _address(error: httpx.TransportError) -> str:
    try:
        url = error.request.url
    except RuntimeError:  # httpx: no request was set
        return "?"
    return f"{url.scheme}://{url.netloc.decode()}"


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
