"""`lianxin token`: tokens for people and systems, signed with the city's secret."""

from typing import Annotated

import typer

from cli.failures import failure
from cli.language import tr
from cli.world import token_secret
from shared.web.auth import Principal, Role, issue_token

_DAY_SECONDS = 86_400.0


def token(
    role: Annotated[Role, typer.Option(help=tr("help.role"))],
    area: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help=tr("help.token-area"))
    ] = None,
    unit: Annotated[str | None, typer.Option(metavar="ID", help=tr("help.token-unit"))] = None,
    grid: Annotated[
        list[str] | None, typer.Option(metavar="ID", help=tr("help.token-grid"))
    ] = None,
    volunteer: Annotated[
        str | None, typer.Option(metavar="ID", help=tr("help.token-volunteer"))
    ] = None,
    subject: Annotated[str | None, typer.Option(help=tr("help.token-subject"))] = None,
    days: Annotated[float, typer.Option(min=0.001, max=3650, help=tr("help.token-days"))] = 1.0,
) -> None:
    """Print a token."""
    principal = principal_of(role, area or (), unit, grid or (), volunteer, subject)
    typer.echo(issue_token(token_secret(), principal, days * _DAY_SECONDS))


def principal_of(
    role: Role,
    areas: list[str] | tuple[str, ...],
    unit: str | None,
    grids: list[str] | tuple[str, ...],
    volunteer: str | None,
    subject: str | None,
) -> Principal:
    """The caller that a token names. Raises `Failure` where the role's own thing is not named."""
    needed = {
        Role.UNIT_OPERATOR: ("--unit", unit),
        Role.VOLUNTEER: ("--volunteer", volunteer),
        Role.GRID_LEADER: ("--grid", grids),
        Role.AREA_MANAGER: ("--area", areas),
    }.get(role)
    if needed and not needed[1]:
        raise failure("token-needs", role=role.value, option=needed[0])
    who = subject or volunteer or unit or role.value
    return Principal(who, role, frozenset(areas), unit, frozenset(grids), volunteer)
