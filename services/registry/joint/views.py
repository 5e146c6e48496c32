"""Answers on joint organizations; free words only for those who may read them."""

from services.registry.handover import views_of
from services.registry.joint.decisions import acts_for
from services.registry.joint.repository import NAME, Ended
from services.registry.joint.schemas import (
    CouncilView,
    EndedView,
    JointRow,
    JointView,
    NeedView,
    ProjectView,
    ResourceView,
)
from services.registry.joint.states import JointState, Need, Project, Resource
from services.registry.schemas import Words
from shared.contracts.words import LABELS, Term
from shared.storage.aggregates import Aggregate
from shared.storage.encryption import FieldCipher, context_of
from shared.web.auth import Principal, Role


def context(id: str) -> str:
    """Where the words of an entry belong: to the entry, whichever document it stands in."""
    return context_of(NAME, "words", id)


def _label(prefix: str, term: Term) -> Words:
    zh, en = LABELS[f"{prefix}.{term.value}"]
    return Words(zh=zh, en=en)


class Views:
    """What one caller sees of one joint organization."""

    def __init__(
        self, id: str, version: int, state: JointState, principal: Principal, cipher: FieldCipher
    ) -> None:
        self._id, self._version, self._state = id, version, state
        self._cipher = cipher
        everyone = (state.lead, *(each.organization_id for each in state.members))
        self._reads = principal.role in (
            Role.ADMINISTRATOR,
            Role.AREA_MANAGER,
            Role.UNIT_OPERATOR,
        ) and acts_for(principal, state, *everyone)

    def row(self) -> JointRow:
        """As in lists."""
        state = self._state
        return JointRow(
            id=self._id,
            version=self._version,
            area_path=list(state.area_path),
            retired=state.retired,
            name=state.name,
            form=state.form,
            form_label=_label("founding", state.form),
            area=state.area,
            lead=state.lead,
            members=[member.model_dump() for member in state.members],
            successors=[heir.joint_id for heir in state.heirs],
            predecessors=list(state.predecessors),
            open_needs=len(state.open.needs),
            open_resources=len(state.open.resources),
            open_projects=len(state.open.projects),
            moving=len(state.parcels),
        )

    def whole(self) -> JointView:
        """With council and open lists."""
        state = self._state
        council = state.councils[-1] if state.councils else None
        return JointView(
            **self.row().model_dump(),
            council=council and CouncilView(**council.model_dump()),
            needs=[self.need(each) for each in state.open.needs],
            resources=[self.resource(each) for each in state.open.resources],
            projects=[self.project(each) for each in state.open.projects],
            handovers=views_of(state.handovers),
        )

    def ended(self, ended: Ended) -> EndedView:
        """An entry that has ended."""
        entry = ended.entry
        return EndedView(
            name=ended.name,
            need=self.need(entry) if isinstance(entry, Need) else None,
            resource=self.resource(entry) if isinstance(entry, Resource) else None,
            project=self.project(entry) if isinstance(entry, Project) else None,
        )

    def need(self, need: Need) -> NeedView:
        """A need."""
        return NeedView(**need.model_dump() | {"words": self._read(need.words, need.id)})

    def resource(self, resource: Resource) -> ResourceView:
        """A resource."""
        words = self._read(resource.words, resource.origin or resource.id)
        return ResourceView(
            **resource.model_dump() | {"words": words},
            kind_label=_label("resource", resource.kind),
        )

    def project(self, project: Project) -> ProjectView:
        """A project."""
        words = project.words and self._read(project.words, project.id)
        return ProjectView(
            **project.model_dump() | {"words": words},
            kind_label=_label("resource", project.kind),
        )

    def _read(self, words: str, id: str) -> str | None:
        return self._cipher.decrypt(words, context(id)) if self._reads else None


def views(found: Aggregate[JointState], principal: Principal, cipher: FieldCipher) -> Views:
    """What the caller sees of a joint organization that is there."""
    assert found.state is not None  # none is without
    return Views(found.id, found.version, found.state, principal, cipher)
