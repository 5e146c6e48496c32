"""`/v1/groups`: the routes that all entries have, and a list by skill."""

from fastapi import Request, Response

from services.registry.groups.decisions import GroupBody, Groups, GroupView
from services.registry.routes import Reader, entry_router
from services.registry.routes_lists import Inside, Paged, Retired, Text, list_of
from shared.web.messages import register_messages
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import Slug

register_messages(
    {
        "group-people-needed": {
            "zh": "队伍里必须有人：请填写 leader 或 members。",
            "en": "A group has people: give leader or members.",
        },
    }
)

router = Router()


@router.get("/v1/groups", tags=["groups"], response_model=Page[GroupView])
async def list_groups(
    request: Request,
    principal: Reader,
    page: Paged,
    area: Inside = None,
    skill: Slug | None = None,
    organization_id: Slug | None = None,
    text: Text = None,
    retired: Retired = None,
) -> Response:
    """Volunteer groups by name."""
    filters = {
        "area_path": area,
        "skills": skill,
        "organization_id": organization_id,
        "retired": retired,
    }
    return await list_of(request, "groups", principal, page, filters, text)


router.include_router(entry_router(Groups, GroupBody))
