"""How a check-in is shown."""

from services.registry.checkins.schemas import CheckinView, PostView
from services.registry.checkins.states import Book, Checkin
from services.registry.handover import views_of


def reporter_ids(book: Book) -> dict[str, str | None]:
    """`person_id` and `organization_id`, one of them null."""
    return {
        "person_id": book.reporter if book.kind == "people" else None,
        "organization_id": book.reporter if book.kind == "organizations" else None,
    }


def view(book: Book, checkin: Checkin) -> CheckinView:
    """A check-in as it is answered."""
    return CheckinView(
        id=checkin.id,
        **reporter_ids(book),
        community=checkin.community,
        area_path=list(checkin.area_path),
        services=list(checkin.services),
        posts=[PostView(post=p.post, since=p.at, status=p.status) for p in checkin.posts],
        since=checkin.since,
        stage=checkin.stage,
        report_due_at=checkin.due_at,
        last_report_at=max((one.at for one in checkin.reports), default=None),
        ended_at=checkin.ended_at,
        handovers=views_of([checkin.handover] if checkin.handover else []),
    )
