"""Every payload class, by topic: the one list from which decoders and schemas are made."""

from shared.contracts import (
    assessments,
    assets,
    backbone,
    care,
    carriers,
    checkins,
    control,
    coverage,
    handover,
    joins,
    plans,
    registry,
    requests,
    rounds,
    scores,
    support,
    task_life,
    task_parts,
    tasks,
    topics,
    units,
    volunteering,
    whistles,
    work,
)
from shared.contracts.payload import Payload

PUBLISHED: dict[str, tuple[type[Payload], ...]] = {
    topics.REGISTRY.name: (
        registry.AreaChanged,
        registry.UnitChanged,
        registry.OrganizationChanged,
        registry.JointChanged,
        registry.GridChanged,
        registry.VolunteerChanged,
        plans.PairingChanged,
        plans.AssignmentChanged,
        plans.PlanChanged,
        registry.VenueChanged,
        assets.AssetsChanged,
        registry.GroupChanged,
    ),
    topics.PLANS.name: (
        plans.PairingEnding,
        plans.PairingEnded,
        plans.AssignmentOverdue,
        plans.AssignmentFundsOverdue,
        plans.PlanBehind,
    ),
    topics.COVERAGE.name: (coverage.GapFound, coverage.GapClosed),
    topics.WORK.name: (work.WorkRecorded, work.WorkCorrected, work.WorkVoided),
    topics.BACKBONE.name: (
        backbone.Appointed,
        backbone.AppointmentVoided,
        backbone.TermEnded,
        backbone.VacancyOverdue,
        backbone.VacancyEnded,
    ),
    topics.CARRIERS.name: (
        carriers.CarrierOpened,
        carriers.CarrierHeld,
        carriers.CarrierReleased,
        carriers.CarrierClosed,
        carriers.CarrierHandedOver,
        carriers.PromiseMade,
        carriers.PromiseKept,
        carriers.PromiseBroken,
        carriers.PromiseReopened,
        carriers.PromiseVoided,
        carriers.PromiseHandedOver,
        carriers.ErrandStepped,
        carriers.ErrandHandedOver,
        carriers.ErrandRated,
    ),
    topics.CHECKINS.name: (
        checkins.CheckedIn,
        checkins.ReportDue,
        checkins.Reported,
        checkins.ReportOverdue,
        checkins.FeedbackGiven,
        checkins.CheckinEnded,
    ),
    topics.CARE.name: (care.CareDue, care.CareOverdue, care.CareDone),
    topics.REQUESTS.name: (
        requests.RequestAccepted,
        requests.RequestLocated,
        requests.RequestAnswered,
        requests.RequestFollowedUp,
        requests.RequestReopened,
        requests.RequestClosed,
        joins.RequestJoined,
        joins.RequestSeparated,
    ),
    topics.TASKS.name: (
        tasks.TaskCreated,
        tasks.TaskAssigned,
        tasks.TaskAlerted,
        tasks.TaskAlertsEnded,
        tasks.TaskAccepted,
        tasks.TaskDeclined,
        tasks.TaskReturned,
        tasks.TaskEscalated,
        tasks.TaskOverdue,
        tasks.TaskProgressed,
        tasks.TaskLocated,
        tasks.TaskCompleted,
        tasks.TaskCancelled,
        task_life.TaskWarned,
        task_life.TaskWaiting,
        task_life.TaskDeferred,
        task_life.TaskResumed,
        task_life.TaskProposed,
        task_life.TaskProposalRefused,
        task_life.TaskExtended,
        task_life.TaskDecided,
        task_life.TaskProblemRaised,
        task_life.TaskProblemClosed,
        task_life.TaskFinallyAnswered,
        handover.TaskOffered,
        handover.TaskOfferEnded,
        task_parts.TaskPartAsked,
        task_parts.TaskPartAccepted,
        task_parts.TaskPartDeclined,
        task_parts.TaskPartDone,
        task_parts.TaskPartCancelled,
        task_parts.TaskPartSilent,
        task_parts.TaskPartOverdue,
        joins.TaskJoined,
    ),
    topics.WHISTLES.name: (
        whistles.WhistleBlown,
        whistles.WhistleReportedIn,
        whistles.WhistleAbsent,
        whistles.WhistlePlanned,
        whistles.WhistleUnitDone,
        whistles.WhistleRated,
        whistles.WhistleEnded,
    ),
    topics.VOLUNTEERING.name: (
        volunteering.ActivityPublished,
        volunteering.ActivityAlerted,
        volunteering.ActivityPlaceChanged,
        volunteering.ActivityCancelled,
        volunteering.ActivityEnded,
        volunteering.HoursConfirmed,
        volunteering.HoursCorrected,
        volunteering.HoursVoided,
    ),
    topics.ASSESSMENTS.name: (assessments.FigureMeasured,),
    topics.REVIEWS.name: (
        scores.GradeChanged,
        scores.GradeNear,
        scores.PeriodSettled,
        support.GuaranteeChanged,
        support.GuaranteeOverdue,
        rounds.RoundOpened,
        rounds.RoundStepDue,
        rounds.RoundStepLocked,
        rounds.RoundStepUnlocked,
        rounds.RoundRated,
        rounds.RoundLeftOpen,
        rounds.RoundCompleted,
    ),
    topics.UNITS.name: (
        units.RequestReported,
        units.TaskProgress,
        units.TaskResult,
        units.OrganizationReported,
        units.PersonReported,
    ),
    topics.REPLAYS.name: (control.ReplayRequested,),
}

KNOWN: dict[str, tuple[type[Payload], ...]] = {}
for _payloads in PUBLISHED.values():
    for _payload in _payloads:
        KNOWN[_payload.TYPE] = (*KNOWN.get(_payload.TYPE, ()), _payload)

BY_FULL_TYPE: dict[str, type[Payload]] = {
    payload.full_type(): payload for payloads in KNOWN.values() for payload in payloads
}

TOPIC_OF: dict[str, str] = {
    payload.TYPE: topic for topic, payloads in PUBLISHED.items() for payload in payloads
}
"""The one topic that a type, given without its version, is published on."""


def newest_version(type_name: str) -> int:
    """The newest version known of a type, given without its version."""
    return max(payload.VERSION for payload in KNOWN[type_name])
