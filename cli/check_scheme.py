"""`lianxin check-scheme FILE`: every fault of a scheme with its line, without a running system."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from cli.failures import FAILED, failure
from cli.language import language, tr
from cli.world import JsonOption


def check_scheme(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help=tr("help.scheme-file"))],
    as_json: JsonOption = False,
) -> None:
    """Show what `POST /v1/schemes/check` would answer; exit status 0: no fault, 1: some."""
    # YAML and the service's models, which no other command needs.
    from services.assessment.schemes.reading import SchemeInvalid, read_scheme  # noqa: PLC0415

    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise failure("scheme-unreadable", path=file, error=error.strerror or error) from None
    except UnicodeDecodeError as error:
        raise failure("scheme-unreadable", path=file, error=error.reason) from None
    faults = []
    try:
        scheme = read_scheme(text)
    except SchemeInvalid as invalid:
        faults = [
            {"line": one.line, "field": one.field, "detail": one.sentence(language())}
            for one in invalid.faults
        ]
    if as_json:
        typer.echo(orjson.dumps({"valid": not faults, "faults": faults}).decode())
    elif faults:
        typer.echo(tr("scheme-faults", path=file, count=len(faults)))
        for fault in faults:
            typer.echo(tr("scheme-fault", **fault).rstrip())
    else:
        numbers = {"classes": len(scheme.classes), "indicators": len(scheme.indicators)}
        name = scheme.name.said(language())
        typer.echo(tr("scheme-sound", name=name, month=scheme.valid_from, **numbers))
    if faults:
        raise typer.Exit(FAILED)
