"""The demo city's 300 volunteers, and the grids' teams made of them."""

from random import Random

from deploy.local.demo.areas import Row, communities, grid_rows

COUNT = 300
TELEPHONES = 100_0000_0000
"""No mobile number in China begins with 100: nobody can be called by these."""
SKILLS = ("care", "tutoring", "repairs", "medical", "mediation", "translation", "errands")

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = (
    *"伟芳敏静丽强磊军洋勇艳杰娟涛明超霞平刚",
    *(
        "桂英",
        "建国",
        "志强",
        "秀兰",
        "淑珍",
        "海燕",
        "晓东",
        "文博",
        "雨桐",
        "子涵",
        "欣怡",
        "浩然",
    ),
    *(
        "思远",
        "若曦",
        "嘉怡",
        "俊杰",
        "梓萱",
        "一鸣",
        "宇轩",
        "春梅",
        "玉兰",
        "国强",
        "红梅",
        "丽华",
    ),
)


def volunteer_rows(seed: int = 2014) -> list[Row]:
    """Volunteers as the registry's import takes them; the same for the same seed.

    Each grid has at least six, of whom at least two can care for people (the routing's skill).
    """
    random = Random(seed)
    homes = [(grid, community) for community in communities() for grid in community.grids]
    rows = []
    for number in range(COUNT):
        grid, community = homes[number % len(homes)]
        half = 0.1 if grid.endswith("-1") else 0.75
        x, y = community.box.at(half + random.random() * 0.15, random.uniform(0.1, 0.9))
        skills = set(random.sample(SKILLS, random.randint(1, 3)))
        if number < 2 * len(homes):
            skills.add("care")
        rows.append(
            {
                "id": f"v-{number + 1:04}",
                "name": random.choice(SURNAMES) + random.choice(GIVEN),
                "telephone": str(TELEPHONES + number + 1),
                "skills": sorted(skills),
                "grid_id": grid,
                "capacity": random.choice((2, 2, 3, 4)),
                "available": random.random() < 0.95,
                "service_point": {"longitude": round(x, 3), "latitude": round(y, 3)},
            }
        )
    return rows


def resident_name(random: Random) -> str:
    """A name for somebody who asks."""
    return f"{random.choice(SURNAMES)}{random.choice(GIVEN)}"


def team_rows() -> list[Row]:
    """The grids again, each led by its first volunteer, with the others as members."""
    of_grid: dict[str, list[str]] = {}
    for volunteer in volunteer_rows():
        of_grid.setdefault(volunteer["grid_id"], []).append(volunteer["id"])
    return [
        grid | {"leader": of_grid[grid["id"]][0], "members": of_grid[grid["id"]][1:]}
        for grid in grid_rows()
    ]
