"""One row to the events that it tells of. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from cli.language import language, tr
from cli.mapping.areas import Areas
from cli.mapping.format import (
    Format,
    PointColumns,
    Result,
    Time,
    Value,
    When,
    Words,
    template_columns,
)
from cli.mapping.rejected import Rejected, rejected
from cli.mapping.units import unit_id
from cli.sending import UnitEvent
from shared.contracts.ids import derived_id
from shared.contracts.payload import Point
from shared.contracts.units import RequestReported, TaskResult


@dataclass(frozen=True, slots=True)
class Mapped:
    """A row that is taken: its events (the report, then the result if there is one) and what is
    to be said about it."""

    events: tuple[UnitEvent, ...]
    remarks: tuple[str, ...]


class Mapper:
    """Maps rows of one table.

    Args:
        unit_id: the reporting unit, source of the events.
        now: rows of a later time are rejected.
    """

    def __init__(self, format: Format, areas: Areas, unit_id: str, now: datetime) -> None:
        self._format = format
        self._areas = areas
        self._unit = unit_id
        self._now = now
        self._missing = frozenset(format.missing)

    def map(self, row: Mapping[str, str]) -> Mapped:
        """The events of a row. Raises `Rejected` with the reason for one that is not taken."""
        format = self._format
        for skip in format.skip:
            if self._fits(row, skip.when):
                raise Rejected(_say(skip.reason))
        case = self._get(row, format.case)
        if case is None:
            raise rejected("missing", column=format.case)
        if any(c.isspace() for c in case) or len(case) > 100:
            raise rejected("case", column=format.case, value=case)
        reported_at = self._time(row, format.time)
        if reported_at is None:
            raise rejected("missing", column=format.time.column)
        remarks: list[str] = []
        report = self._report(row, remarks)
        subject = f"case/{case}"
        events = [self._event(subject, 1, reported_at, report)]
        if (end := self._result(row, reported_at, remarks)) is not None:
            at, result = end
            events.append(self._event(subject, 2, at, result))
        return Mapped(tuple(events), tuple(remarks))

    def _event(
        self, subject: str, sequence: int, at: datetime, data: RequestReported | TaskResult
    ) -> UnitEvent:
        id = derived_id("import", self._unit, subject, str(sequence))
        return UnitEvent(self._unit, id, subject, sequence, at, data)

    # Values

    def _get(self, row: Mapping[str, str], column: str) -> str | None:
        value = row[column].strip()
        return None if value in self._missing else value

    def _fits(self, row: Mapping[str, str], when: When) -> bool:
        return all(self._get(row, column) in values for column, values in when.items())

    def _value(self, row: Mapping[str, str], rule: Value) -> str | None:
        value = rule.constant
        if rule.column is not None:
            value = self._get(row, rule.column)
        elif rule.template is not None:
            parts = {column: self._get(row, column) for column in template_columns(rule.template)}
            value = None if None in parts.values() else rule.template.format_map(parts)
        if value is None:
            return rule.when_missing
        if rule.map is None:
            return value
        mapped = rule.map.get(value, rule.other)
        if mapped is None:
            where = rule.column or rule.template
            raise rejected("not-in-map", column=where, value=value)
        return mapped

    def _time(self, row: Mapping[str, str], rule: Time) -> datetime | None:
        """The time in UTC's order, to the zone's offset. Raises `Rejected` for another form."""
        text = self._get(row, rule.column)
        if text is None:
            return None
        try:
            moment = (
                datetime.fromisoformat(text)
                if rule.format == "iso"
                else datetime.strptime(text, rule.format)
            )
        except ValueError:
            raise rejected("time", column=rule.column, value=text) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(rule.zone))
        if moment > self._now:
            raise rejected("future", column=rule.column, value=text)
        return moment

    # The report

    def _report(self, row: Mapping[str, str], remarks: list[str]) -> RequestReported:
        format = self._format
        area = self._areas.find(format.area, [self._get(row, a.column) for a in format.area])
        point = self._point(row, format.point, remarks) if format.point else None
        if area is None and point is None:
            remarks.append(tr("remark.unlocated"))
        given = {name: self._value(row, rule) for name, rule in format.fields.given()}
        fields = {name: value for name, value in given.items() if value is not None}
        try:
            return RequestReported.model_validate(
                fields
                | {"area": area, "point": point, "handling_unit": self._handling(row, remarks)}
            )
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or "-"
            raise rejected("contract", field=field, error=first["msg"]) from None

    def _point(
        self, row: Mapping[str, str], rule: PointColumns, remarks: list[str]
    ) -> Point | None:
        texts = self._get(row, rule.longitude), self._get(row, rule.latitude)
        if None in texts:
            return None
        try:
            longitude, latitude = (float(text or "") for text in texts)
            if math.isfinite(longitude) and math.isfinite(latitude):
                decimals = rule.decimals
                return Point(
                    longitude=round(longitude, decimals), latitude=round(latitude, decimals)
                )
        except ValueError:
            pass
        remarks.append(tr("remark.point", longitude=texts[0], latitude=texts[1]))
        return None

    def _handling(self, row: Mapping[str, str], remarks: list[str]) -> str | None:
        rule = self._format.handling_unit
        if rule is None:
            return None
        value = self._get(row, rule.column)
        if value is not None:
            return unit_id(rule, value)
        if rule.when_missing == "dispatch":
            return None
        remarks.append(tr("remark.no-unit", column=rule.column))
        return self._unit

    # The result

    def _result(
        self, row: Mapping[str, str], reported_at: datetime, remarks: list[str]
    ) -> tuple[datetime, TaskResult] | None:
        rules = self._format.results
        rule = next((rule for rule in rules if self._fits(row, rule.when)), None)
        if rule is None:
            if rules:
                remarks.append(tr("remark.no-rule"))
            return None
        if rule.remark is not None:
            remarks.append(_say(rule.remark))
        if rule.outcome == "none":
            return None
        ended = self._ended(row, rule, reported_at, remarks)
        result = TaskResult(
            outcome=rule.outcome,
            completed_at=ended if rule.outcome == "done" else None,
            in_time=rule.in_time,
            ask_resident=False,
        )
        # Without a time of its own the end is told at the one time that is known.
        return ended or reported_at, result

    def _ended(
        self, row: Mapping[str, str], rule: Result, reported_at: datetime, remarks: list[str]
    ) -> datetime | None:
        if rule.completed is None:
            return None
        try:
            ended = self._time(row, rule.completed)
        except Rejected as error:
            remarks.append(tr("remark.end-unreadable", reason=error))
            return None
        column = rule.completed.column
        if ended is None:
            remarks.append(tr("remark.end-missing", column=column))
        elif ended < reported_at:
            remarks.append(tr("remark.end-before", column=column, value=row[column].strip()))
            return None
        return ended


def _say(words: Words) -> str:
    return words.zh if language() == "zh" else words.en
