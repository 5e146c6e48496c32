"""`/v1/ratings/{code}`: voices without a login; codes, panels and judgements for officials."""

import secrets
from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import Path, Request, Response

from services.assessment.parts import parts_in
from services.assessment.ratings import messages
from services.assessment.ratings.panels import Quota, draw, seat_of, token_of
from services.assessment.ratings.result import Aside, Tally
from services.assessment.ratings.schemas import (
    AsideView,
    BallotView,
    CodeBody,
    CodeView,
    EnteredView,
    JudgementBody,
    PanelBody,
    PanelView,
    PublicRatingView,
    RetireBody,
    SeatView,
    SourceView,
    TakenView,
    VoiceBody,
)
from services.assessment.ratings.state import Code, Panel, Seated
from services.assessment.ratings.stuffing import FOLLOW_UPS, names_of
from services.assessment.ratings.table import RatingRules
from services.assessment.ratings.votes import Purpose, Source
from services.assessment.reviews import act, read_one
from services.assessment.rounds import decisions
from services.assessment.rounds.access import ensure_reads, ensure_runs
from services.assessment.rounds.part import RoundsPart, found_round, found_subject, rounds_in
from services.assessment.rounds.routes import OfSubject, RoundId
from services.assessment.rounds.schemas import Words
from services.assessment.rounds.state import Rated, rated_id
from services.assessment.rounds.views import name_of, public_view
from services.assessment.routes import Administrator, Reader
from shared.contracts.ids import uuid7
from shared.contracts.rounds import RatingLine
from shared.spans import moment
from shared.storage.aggregates import Decision
from shared.web.auth import Principal
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.messages import choose_language, say
from shared.web.pages import author
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json
from shared.web.sources import address_of, keyed, network_of

router = Router(prefix="/v1", tags=["ratings"])

_CODE_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without letters that are mistaken for others when typed."""
_CODE_LENGTH = 16
_NO_CODE = "no-such-code"
CodeOrToken = Annotated[str, Path(min_length=1, max_length=120)]


# Voices


@router.get("/ratings/{code}")
async def read_ballot(request: Request, code: CodeOrToken) -> BallotView:
    """What a code or an invitation asks about; no login."""
    part = rounds_in(request)
    ballot = await _ballot(part, code)
    known = await parts_in(request).repository.subjects(ballot.state.kind, [ballot.subject_id])
    return BallotView(
        subject_id=ballot.subject_id,
        name=name_of(ballot.subject_id, known),
        kind=ballot.state.kind,
        period=ballot.state.period,
        place=ballot.place_name,
        open=_is_open(ballot.state, ballot.purpose, moment()),
        until=ballot.until,
    )


@router.post("/ratings/{code}", status_code=201)
async def give_voice(request: Request, code: CodeOrToken, body: VoiceBody) -> TakenView:
    """Rate without a login: one voice a device and round with an on-site code, one an
    invitation."""
    part = rounds_in(request)
    ballot, now = await _ballot(part, code), moment()
    decisions.ensure_voices(ballot.state, ballot.purpose, now)
    hash_of, round_id = part.cipher.blind_index, ballot.state.round_id
    rules = part.settling.rules_of(await found_round(part, round_id))
    voice = keyed(hash_of, round_id, "voice", f"{ballot.subject_id}\0{ballot.seat or body.device}")
    # Where nobody says which network it is, or all are in one room, it is the device's own.
    address = None if ballot.together else address_of(request, part.trusted_proxies)
    network = network_of(address, rules.ipv4_bits, rules.ipv6_bits) if address else body.device
    taken = await part.ratings.add(
        f"{round_id}/{ballot.subject_id}/{voice}",
        round_id=round_id,
        subject_id=ballot.subject_id,
        purpose=ballot.purpose,
        source=ballot.source,
        place=ballot.place,
        device=keyed(hash_of, round_id, "device", body.device),
        network=keyed(hash_of, round_id, "network", network),
        rating=body.rating,
        at=now,
    )
    if not taken:
        raise Problem(409, "voice-given")
    if moment() >= ballot.until:
        # Kept after the deadline, it may have been left out when all were counted.
        await part.rounds.rated.execute(
            rated_id(round_id, ballot.subject_id), _late_voice, by="rating"
        )
    language = choose_language(request.headers.get("accept-language"))
    return TakenView(message=say("voice-taken", language))


def _late_voice(state: Rated | None) -> Decision[Rated] | None:
    return None if state is None else decisions.recounted(state, "a voice kept after the deadline")


class _Ballot(NamedTuple):
    """What a code or token stands for."""

    state: Rated
    purpose: Purpose
    source: Source
    place: str
    place_name: str | None = None
    seat: str | None = None
    together: bool = False
    """It is of a panel that votes in one room."""

    @property
    def subject_id(self) -> str:
        return self.state.subject.id

    @property
    def until(self) -> datetime:
        until = self.state.deadlines
        public = self.purpose is Purpose.PUBLIC
        return until.public_rating if public else until.organizational_rating


async def _ballot(part: RoundsPart, code: str) -> _Ballot:
    seat = seat_of(part.cipher.blind_index, code)
    if seat is not None:
        panel = await part.ratings.panels.get(seat[0])
        if panel is not None and panel.state is not None:
            of = panel.state
            _, state = await found_subject(part, of.round_id, of.subject_id)
            of_seat = f"{seat[0]}\0{seat[1]}"
            return _Ballot(state, of.purpose, Source.PANEL, panel.id, None, of_seat, of.together)
    found = await part.ratings.codes.get(code)
    if found is None or found.state is None or found.state.retired:
        raise Problem(404, _NO_CODE)
    _, state = await found_subject(part, found.state.round_id, found.state.subject_id)
    return _Ballot(state, Purpose.PUBLIC, Source.CODE, code, found.state.place)


def _is_open(state: Rated, purpose: Purpose, now: datetime) -> bool:
    try:
        decisions.ensure_voices(state, purpose, now)
    except Problem:
        return False
    return True


# Codes


@router.post(
    "/rounds/{id}/subjects/{subject}/codes",
    status_code=201,
    response_model=CodeView,
    openapi_extra=IDEMPOTENT,
)
async def make_code(
    request: Request, id: RoundId, subject: OfSubject, body: CodeBody, principal: Reader
) -> Response:
    """A code for a place where residents meet the subject's service: by those above it."""
    part = rounds_in(request)
    _, rated = await found_subject(part, id, subject)
    ensure_runs(principal, rated.kind, rated.subject)
    code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
    state = Code(round_id=id, subject_id=subject, place=body.place, venue_id=body.venue_id)
    created = await part.ratings.codes.create(
        code,
        Decision(state, why="made"),
        by=author(principal),
        answer=_code_view(code, state).model_dump(mode="json"),
        idempotency=await idempotency_of(request),
    )
    return Json(created.answer, 201, headers={"Location": f"/v1/ratings/{created.id}"})


@router.get("/rounds/{id}/subjects/{subject}/codes")
async def list_codes(
    request: Request, id: RoundId, subject: OfSubject, principal: Reader
) -> list[CodeView]:
    """The codes of a subject in a round."""
    part = rounds_in(request)
    _, rated = await found_subject(part, id, subject)
    ensure_reads(principal, rated.subject)
    return [_code_view(code, state) for code, state in await part.ratings.codes_of(id, subject)]


@router.post("/rating-codes/{code}/retire")
async def retire_code(
    request: Request, code: CodeOrToken, body: RetireBody, principal: Reader
) -> CodeView:
    """A code is no longer taken; voices that came by it still count unless they are judged."""
    part = rounds_in(request)
    _, found = await read_one(part.ratings.codes, code, _NO_CODE)
    _, rated = await found_subject(part, found.round_id, found.subject_id)
    ensure_runs(principal, rated.kind, rated.subject)

    def decide(state: Code) -> Decision[Code] | None:
        if state.retired:
            return None
        return Decision(state.model_copy(update={"retired": True}), why=body.reason)

    _, state = await act(part.ratings.codes, code, _NO_CODE, decide, principal)
    return _code_view(code, state)


def _code_view(code: str, state: Code) -> CodeView:
    return CodeView(code=code, **state.model_dump())


# Panels


@router.post(
    "/rounds/{id}/subjects/{subject}/panels",
    status_code=201,
    response_model=PanelView,
    openapi_extra=IDEMPOTENT,
)
async def draw_panel(
    request: Request, id: RoundId, subject: OfSubject, body: PanelBody, principal: Reader
) -> Response:
    """Draw a panel by quota, for the public rating or as the service recipients (art. 14); the
    draw can be made again from its seed."""
    part = rounds_in(request)
    _, rated = await found_subject(part, id, subject)
    ensure_runs(principal, rated.kind, rated.subject)
    if body.purpose is Purpose.RECIPIENTS and RatingLine.RECIPIENTS not in rated.subject.lines:
        raise Problem(422, "recipients-not-needed", field="purpose")
    seed = body.seed or secrets.token_hex(16)
    seats = draw([Quota(one.group, one.seats, one.ids) for one in body.quotas], seed)
    panel = Panel(
        round_id=id,
        subject_id=subject,
        purpose=body.purpose,
        together=body.together,
        seed=seed,
        drawn_at=moment(),
        drawn_by=author(principal),
        pools=tuple((one.group, len(set(one.ids))) for one in body.quotas),
        seats=tuple(Seated.of(seat) for seat in seats),
    )
    # Invitations are made when asked for: none is kept, not even in the answer to be repeated.
    created = await part.ratings.panels.create(
        uuid7(),
        Decision(panel, why=f"drawn with seed {seed}"),
        by=panel.drawn_by,
        answer={},
        idempotency=await idempotency_of(request),
    )
    view = await _panel(part, created.id, principal)
    headers = {"Location": f"/v1/rating-panels/{created.id}"}
    return Json(view.model_dump(mode="json"), 201, headers=headers)


@router.get("/rating-panels/{id}")
async def read_panel(request: Request, id: RoundId, principal: Reader) -> PanelView:
    """A panel with its draw and its invitations."""
    return await _panel(rounds_in(request), id, principal)


async def _panel(part: RoundsPart, id: str, principal: Principal) -> PanelView:
    _, state = await read_one(part.ratings.panels, id, "no-such-panel")
    _, rated = await found_subject(part, state.round_id, state.subject_id)
    ensure_runs(principal, rated.kind, rated.subject)
    hash_of = part.cipher.blind_index
    return PanelView(
        id=id,
        **state.model_dump(exclude={"seats", "pools"}),
        pools=dict(state.pools),
        seats=[
            SeatView(**seat.model_dump(), token=token_of(hash_of, id, seat.number))
            for seat in state.seats
        ],
    )


# What counts


@router.get("/rounds/{id}/subjects/{subject}/public")
async def read_public_rating(
    request: Request, id: RoundId, subject: OfSubject, principal: Reader
) -> PublicRatingView:
    """The public rating down to its sources: what counts, what was set aside and why, who judged
    what. Provisional, without its class, while voices are taken."""
    part = rounds_in(request)
    _, state = await found_subject(part, id, subject)
    ensure_reads(principal, state.subject)
    return await _public(part, state, part.settling.rules_of(await found_round(part, id)))


@router.post("/rounds/{id}/subjects/{subject}/judgements")
async def judge_voices(
    request: Request,
    id: RoundId,
    subject: OfSubject,
    body: JudgementBody,
    principal: Administrator,
) -> PublicRatingView:
    """Have a group of voices count, or not, with a reason. A locked rating and its class are
    counted again at once, and the result is marked as corrected where it changes."""
    part = rounds_in(request)
    found, state = await found_subject(part, id, subject)
    rules = part.settling.rules_of(await found_round(part, id))
    known = {FOLLOW_UPS}
    votes = await part.settling.follow_ups(state, rules)
    for purpose in Purpose:
        votes += await part.ratings.voices(id, subject, purpose, rules)
    for vote in votes:
        known.update(names_of(vote))
    tallies = (
        await part.settling.tally(state, rules),
        await part.settling.recipients(state, rules),
    )
    known.update(one.name for tally in tallies for one in tally.aside)
    if body.group not in known:
        raise Problem(422, "no-such-group", field="group", group=body.group)
    by = author(principal)

    def decide(state: Rated) -> Decision[Rated]:
        return decisions.judged(state, body.group, body.counts, body.reason, by, moment())

    _, changed = await act(part.rounds.rated, found.id, "not-in-round", decide, principal)
    return await _public(part, changed, rules)


async def _public(part: RoundsPart, state: Rated, rules: RatingRules) -> PublicRatingView:
    tally, recipients = state.tally, state.recipients
    if tally is None or state.tally_due:
        tally = await part.settling.tally(state, rules)
    if recipients is None and RatingLine.RECIPIENTS in state.subject.lines:
        recipients = await part.settling.recipients(state, rules)
    recipients = recipients or Tally()
    settled = state.tally is not None and not state.tally_due
    return PublicRatingView(
        round_id=state.round_id,
        subject_id=state.subject.id,
        provisional=not settled,
        result=public_view(state.public if settled else None, tally, rules),
        sources=_sources(tally),
        entered=tally.entered and EnteredView(**tally.entered.model_dump()),
        aside=_asides(tally),
        judgements=[one.model_dump() for one in state.judgements],
        recipients=_sources(recipients),
        recipients_aside=_asides(recipients),
    )


def _sources(tally: Tally) -> list[SourceView]:
    return [SourceView(**one.model_dump()) for one in tally.sources]


def _asides(tally: Tally) -> list[AsideView]:
    return [AsideView(**one.model_dump(), reason=_why(one)) for one in tally.aside]


def _why(one: Aside) -> Words:
    share = "–" if one.share is None else f"{one.share:.0%}"
    zh, en = (words.format(of=one.of, share=share) for words in messages.RULES[one.rule])
    return Words(zh=zh, en=en)
