"""README.md: its links lead somewhere, its curl lines ask what the services answer."""

import importlib
import re

import pytest
from pydantic import BaseModel

from services.request_intake.schemas import NewRequest, OwnAnswer
from services.volunteer_dispatch.schemas import Completion
from tests.unit.deploy.test_compose import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "file", ["README.md", "deploy/README.md", "docs/operators.md", "docs/open311.md"]
)
def test_links_lead_to_files(file: str) -> None:
    path = ROOT / file
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{file}: {target}"


BODIES: dict[str, type[BaseModel]] = {
    "/v1/requests": NewRequest,
    "/v1/tasks/$TASK/complete": Completion,
    "/v1/timelines/$CODE/follow-ups": OwnAnswer,
}


def test_the_curl_bodies_are_taken() -> None:
    asked = []
    for line in TEXT.replace("\\\n", " ").splitlines():
        found = re.search(r"localhost:\d+(/[^\s\"?]+) .*-d '(\{\".*?)'", line)
        if found:
            asked.append((found[1], found[2]))
    assert {path for path, _ in asked} == set(BODIES)
    for path, body in asked:
        BODIES[path].model_validate_json(body)


def test_the_curl_lines_ask_for_routes_that_exist() -> None:
    ports = {"8102": "request_intake", "8103": "volunteer_dispatch", "8104": "assessment"}
    asked = re.findall(r"localhost:(\d+)(/[^\s\"?]+)", TEXT)
    assert {port for port, _ in asked} == set(ports)
    for port, path in asked:
        definition = importlib.import_module(f"services.{ports[port]}.main").DEFINITION
        routes = {route.path for router in definition.routers for route in router.routes}
        shapes = {re.sub(r"\{\w+\}", "*", route) for route in routes}
        assert re.sub(r"\$\w+", "*", path) in shapes, path


def test_every_make_target_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {
        target
        for targets in re.findall(r"(?:^|`)make ((?:[a-z]+(?:-[a-z]+)? ?)+)", TEXT, re.M)
        for target in targets.split()
    }
    assert {"run", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.M), target
