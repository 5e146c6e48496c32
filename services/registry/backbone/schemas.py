"""Bodies and answers of the backbone."""

from pydantic import AwareDatetime, BaseModel, Field

from services.registry.schemas import Words
from shared.contracts.words import Chosen, Post, TermEnd
from shared.spans import Day
from shared.web.schemas import Body, ShortText, Slug


class TermBody(Body):
    """A term of a post (任期): who, how chosen, from when until when."""

    post: Post
    person_id: Slug
    chosen: Chosen
    from_unit: Slug | None = Field(default=None, description="The unit that sent him or her")
    since: Day
    until: Day = Field(description="The planned end; the moment itself is outside the term")


class EndBody(Body):
    """The end of a term before its planned end."""

    at: Day
    reason: TermEnd


class VoidTermBody(Body):
    """Why a term that was entered does not count."""

    why: ShortText


class TermView(BaseModel):
    """A term; `until` is its end, planned or come."""

    id: str
    post: Post
    person_id: str
    chosen: Chosen
    from_unit: str | None
    since: AwareDatetime
    until: AwareDatetime
    reason: TermEnd | None
    voided: str | None


class VacancyView(BaseModel):
    """A time in which the post of secretary had nobody; `until` null: it has nobody now."""

    since: AwareDatetime
    until: AwareDatetime | None


class TrainingView(BaseModel):
    """Training of somebody in office: the newest record, and when it is or was due."""

    person_id: str
    post: Post
    last: AwareDatetime | None
    due: AwareDatetime
    overdue: bool


class BackboneView(BaseModel):
    """Who holds and held the posts of an organization, vacancies, training."""

    organization_id: str
    version: int
    in_service: bool
    terms: list[TermView]
    vacancies: list[VacancyView]
    vacancy_overdue_at: AwareDatetime | None
    """When the vacancy of now is or was too long; null where there is none."""
    trainings: list[TrainingView]


class ListedVacancy(BaseModel):
    """A vacancy that lasts too long."""

    organization_id: str
    organization: str | None
    area_path: list[str]
    since: AwareDatetime
    overdue_at: AwareDatetime


class ListedTerms(BaseModel):
    """Terms of an organization that end soon with nobody to follow, the first to end first."""

    organization_id: str
    organization: str | None
    area_path: list[str]
    terms: list[TermView]


class ListedTrainings(BaseModel):
    """Those in office of an organization whose training is overdue."""

    organization_id: str
    organization: str | None
    area_path: list[str]
    trainings: list[TrainingView]


class VacanciesPage(BaseModel):
    """The longest vacancies first; `what_to_do` holds for each."""

    what_to_do: Words
    items: list[ListedVacancy]
    next: str | None


class EndingPage(BaseModel):
    """The first to end first."""

    what_to_do: Words
    items: list[ListedTerms]
    next: str | None


class TrainingsPage(BaseModel):
    """The longest overdue first."""

    what_to_do: Words
    items: list[ListedTrainings]
    next: str | None
