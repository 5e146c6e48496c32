"""`lianxin import …` against a served registry, with files of our own and real ones."""

import asyncio
import csv
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner, Result

from cli.imports_registry import import_app, import_rows
from cli.registry_files import Row
from deploy.local.processes import free_port
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.world import CITY, CROSSING, SQUARE, World, token

DATA = Path(os.environ.get("LIANXIN_REAL_DATA") or Path(__file__).parents[5] / "shared" / "data")
real_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real data stands outside the repository: no ../shared/data here"
)


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    """The address of the running registry, over a real socket."""
    port = free_port()
    config = uvicorn.Config(
        world.app, port=port, lifespan="off", ws="none", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    try:
        await eventually(lambda: _started(server), 30, "the server started")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


async def _started(server: uvicorn.Server) -> bool:
    return server.started


async def lianxin(world: World, url: str, *arguments: str) -> Result:
    secret = token(world.settings, Role.ADMINISTRATOR)
    call = [*arguments, "--url", url]
    return await asyncio.to_thread(
        CliRunner().invoke, import_app, call, env={"LIANXIN_TOKEN": secret, "COLUMNS": "200"}
    )


def write(path: Path, text: str, encoding: str = "utf-8-sig") -> str:
    path.write_text(text, encoding=encoding)
    return str(path)


async def test_rejected_rows_have_their_line_and_reason(world: World, tmp_path: Path) -> None:
    await world.city()
    rows = [
        "编号,名称,领域,区域",
        "w1,水务局,机关,440310001",
        'w2,"两行的\n名称",agency,440310001',
        "w3,学校,大学,440310001",
        "",
        "w4,医院,public_institution,999",
        "W 5,工会,social_organization,440310001",
    ]
    file = write(tmp_path / "units.csv", "\n".join(rows))
    async with served(world) as url:
        first = await lianxin(world, url, "units", file)
        unit = {"name": "水务局", "domain": "agency", "area": "440310001", "system": "water"}
        put = await world.admin.put("/v1/units/w1", json=unit, headers={"If-Match": "*"})
        assert put.status_code == 200, put.text
        again = await lianxin(world, url, "units", file)
        assert (await world.admin.get("/v1/units/w1")).json()["system"] == "water"
        report = tmp_path / "units.csv.rejected.csv"
        with report.open(encoding="utf-8-sig", newline="") as opened:
            rejected = list(csv.DictReader(opened))
        mended = report.read_text("utf-8-sig").replace("大学", "高校").replace(",999", ",440310002")
        fixed = await lianxin(
            world, url, "units", write(tmp_path / "mended.csv", mended.replace("W 5", "w5"))
        )
        assert not (tmp_path / "mended.csv.rejected.csv").exists()
    assert first.exit_code == 1, first.output
    assert "2 created, 0 changed, 0 unchanged, 3 rejected" in first.output
    assert again.exit_code == 1
    assert "0 created, 0 changed, 2 unchanged, 3 rejected" in again.output
    assert [(r["line"], r["field"]) for r in rejected] == [
        ("5", "domain"),
        ("7", "area"),
        ("8", "id"),
    ]
    assert "999" in rejected[1]["reason_zh"]
    assert "999 is not registered" in rejected[1]["reason_en"]
    assert rejected[1]["名称"] == "医院"
    assert fixed.exit_code == 0, fixed.output
    assert "3 created" in fixed.output
    unit = (await world.admin.get("/v1/units/w3")).json()
    assert unit["domain"] == "university"


async def test_a_crossing_polygon_is_refused_or_repaired(world: World, tmp_path: Path) -> None:
    await world.city()
    features = [
        {"type": "Feature", "properties": {"nr": n, "title": f"格{n}"}, "geometry": geometry}
        for n, geometry in enumerate((SQUARE, CROSSING))
    ]
    lines = ",\n".join(json.dumps(feature) for feature in features)
    text = f'{{"type": "FeatureCollection",\n"features": [\n{lines}\n]}}'
    file = write(tmp_path / "grids.geojson", text, "utf-8")
    options = ("--id-property", "nr", "--name-property", "title", "--area", "440310001")
    async with served(world) as url:
        refused = await lianxin(world, url, "grids", file, *options)
        repaired = await lianxin(world, url, "grids", file, *options, "--repair")
    assert refused.exit_code == 1
    assert "第 4 行 geometry" in refused.output
    assert "114.35" in refused.output
    assert repaired.exit_code == 0, repaired.output
    assert "line 4: polygon repaired, Self-intersection" in repaired.output
    assert "1 created, 0 changed, 1 unchanged" in repaired.output
    assert (await world.admin.get("/v1/grids/1")).json()["geometry"]["type"] == "MultiPolygon"


async def test_what_cannot_go_on_says_so(world: World, tmp_path: Path) -> None:
    units = write(tmp_path / "u.csv", "id,name,domain,colour\na,甲,agency,red\n")
    gbk = write(tmp_path / "g.csv", "id,name,domain\na,甲,agency\n", "gb18030")
    async with served(world) as url:
        unknown = await lianxin(world, url, "units", units)
        passed_over = await lianxin(world, url, "units", units, "--columns", "colour=-")
        undecodable = await lianxin(world, url, "units", gbk)
        decoded = await lianxin(world, url, "units", gbk, "--encoding", "gb18030")
        wrong = await lianxin(world, url, "units", units, "--columns", "colour=-", "--token", "x")
        geojson = await lianxin(world, url, "grids", write(tmp_path / "a.json", "[1]"))
    assert (unknown.exit_code, "colour" in unknown.output) == (2, True)
    assert (passed_over.exit_code, "1 created" in passed_over.output) == (0, True)
    assert (undecodable.exit_code, "gb18030" in undecodable.output) == (2, True)
    assert (decoded.exit_code, "1 unchanged" in decoded.output) == (0, True)
    assert (wrong.exit_code, "令牌无效" in wrong.output) == (2, True)
    assert (geojson.exit_code, "FeatureCollection" in geojson.output) == (2, True)


async def test_two_thousand_volunteers(world: World) -> None:
    await world.city()
    rows = [
        Row(n + 2, {
            "name": f"志愿者{n}", "telephone": f"138{n:08}", "skills": ["plumbing", "care"],
            "grid_id": "g1", "capacity": "3", "available": "true",
            "service_point": {"longitude": "114.35", "latitude": "22.65"},
        })
        for n in range(2000)
    ]  # fmt: skip
    secret = token(world.settings, Role.ADMINISTRATOR)
    seen: list[tuple[int, int]] = []

    def load(url: str) -> Any:
        headers = {"Authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
            return import_rows("people", rows, client, lambda *done: seen.append(done))

    async with served(world) as url:
        first = await asyncio.to_thread(load, url)
        again = await asyncio.to_thread(load, url)
    assert (first.created, again.unchanged) == (2000, 2000)
    assert seen[:5] == [(n * 500, 2000) for n in range(5)]
    print(
        f"\n2,000 volunteers: {first.rows / first.seconds:,.0f} rows/s created, "
        f"{again.rows / again.seconds:,.0f} rows/s unchanged"
    )
    assert len(await world.events(2008)) == 2008


async def test_areas_that_a_newer_list_lacks_are_told_and_left_alone(
    world: World, tmp_path: Path
) -> None:
    await world.load("areas", CITY)
    header = "统计用区划代码,城乡分类代码,名称\n"
    file = write(
        tmp_path / "divisions.csv",
        header + "440310001000,,坪山街道\n440310001201,111,六联社区\n440310001202,112,新建社区\n",
    )
    async with served(world) as url:
        first = await lianxin(world, url, "areas", file)
        assert first.exit_code == 0, first.output
        # The street as it was; the community of the same name under a new code, and a new one.
        assert "2 created, 0 changed, 1 unchanged, 0 rejected" in first.output
        told = [line.strip() for line in first.output.splitlines() if line.startswith("  ")]
        assert told == [
            "440310002 马峦街道",
            "440310001001 六联社区，同名的新代码 440310001201（same name under a new code）",
        ]
        assert (await world.admin.get("/v1/areas/440310001001")).json()["retired"] is False
        withdrawn = write(
            tmp_path / "withdrawn.csv",
            "id,name,level,parent,retired\n440310001001,六联社区,community,440310001,true\n"
            "440310001201,六联社区,community,440310001,\n"
            "440310001202,新建社区,community,440310001,\n",
        )
        second = await lianxin(world, url, "areas", withdrawn)
        assert (second.exit_code, "not in the file" in second.output) == (0, False)


@real_data
async def test_the_real_areas_of_pingshan(world: World, tmp_path: Path) -> None:
    await world.load("areas", CITY[:2])
    streets, communities = DATA / "pingshan_streets.csv", DATA / "pingshan_communities.csv"
    report = ("--rejects", str(tmp_path / "rejected.csv"))
    async with served(world) as url:
        early = await lianxin(world, url, "areas", str(communities), *report)
        assert early.exit_code == 1
        assert "25 rejected" in early.output
        for file, count in ((streets, 7), (communities, 25)):
            first = await lianxin(world, url, "areas", str(file), *report)
            again = await lianxin(world, url, "areas", str(file), *report)
            assert first.exit_code == again.exit_code == 0, first.output
            assert f"{count} created" in first.output
            assert f"{count} unchanged" in again.output
            assert "not in the file" not in again.output
        lines = communities.read_text("utf-8-sig").splitlines()
        fewer = write(tmp_path / "fewer.csv", "\n".join([lines[0], *lines[2:]]) + "\n")
        told = await lianxin(world, url, "areas", fewer, *report)
        assert "1 areas of the registry are not in the file" in told.output
        assert lines[1].split(",")[0] in told.output
    items = (await world.admin.get("/v1/areas?level=street&area=440310")).json()["items"]
    assert [item["name"] for item in items] == [
        "碧岭街道", "坑梓街道", "龙田街道", "马峦街道", "坪山街道", "深圳坪山综合保税区",
        "石井街道",
    ]  # fmt: skip
    found = (await world.admin.get("/v1/areas?text=沙坣&level=community")).json()["items"]
    assert [item["area_path"] for item in found] == [
        ["4403", "440310", "440310002", "440310002004"]
    ]


@real_data
async def test_the_real_polygons_of_los_angeles(world: World, tmp_path: Path) -> None:
    await world.load("areas", [{"id": "LA", "name": "洛杉矶 Los Angeles", "level": "city"}])
    file = str(DATA / "la_neighborhood_councils_2019.geojson")
    options = ("--id-property", "nc_id", "--area", "LA", "--rejects", str(tmp_path / "r.csv"))
    async with served(world) as url:
        first = await lianxin(world, url, "grids", file, *options)
        again = await lianxin(world, url, "grids", file, *options)
    assert first.exit_code == 0, first.output
    assert "99 created" in first.output
    assert "99 unchanged" in again.output
    assert len(await world.events(100)) == 100
    found = (await world.admin.get("/v1/grids?text=lincoln heights")).json()["items"]
    assert [(g["id"], g["name"]) for g in found] == [("47", "LINCOLN HEIGHTS NC")]
