"""Money that goes with what was agreed (art. 12): lines that promise it, payments against a line.

Lines and payments stand in one document with what they belong to, so that never more is paid than
there is, whoever pays at the same moment. Kept in fen (1/100 yuan), told in yuan.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from shared.contracts.ids import derived_id, uuid7
from shared.storage.aggregates import IdempotencyConflict
from shared.storage.tables import Table
from shared.web.idempotency import Idempotency
from shared.web.messages import register_messages
from shared.web.money import Yuan, fen
from shared.web.problems import Problem
from shared.web.schemas import Body, PastTime, ShortText, Slug

PAYMENTS_LIMIT = 1000
"""Payments in one document."""

register_messages(
    {
        "unknown-source": {
            "zh": "资金来源表中没有 {id}：可用的来源见 where 所示地址。",
            "en": "There is no source of funds {id}: those that there are stand at the address in "
            "where.",
        },
        "unknown-line": {
            "zh": "这里没有编号为 {id} 的资金：请填写已列明的资金编号（{lines}）。",
            "en": "There is no line of money {id} here: give one of those listed ({lines}).",
        },
        "overspent": {
            "zh": "该笔资金只余 {left} 元，不能支付 {yuan} 元：请减少金额，或先增列资金。",
            "en": "Only {left} yuan of this money are left, {yuan} cannot be paid: pay less, or "
            "add money first.",
        },
        "too-many-payments": {
            "zh": "支付记录已达 {limit} 条：请合并支付。",
            "en": "There are {limit} payments already: pay in larger sums.",
        },
        "unknown-payment": {
            "zh": "没有编号为 {id} 的支付记录：请先查看已有的支付。",
            "en": "There is no payment {id}: look at those that there are first.",
        },
        "not-your-side": {
            "zh": "只有双方各自的负责人员可以办理：请由相应党组织、单位或区域的人员操作。",
            "en": "Only those who answer for one of the two sides may do this: ask its "
            "organization, unit or area.",
        },
    }
)


class Source(BaseModel):
    """Where money comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Slug
    zh: ShortText
    en: ShortText


class SourceTable(Table):
    """Sources of funds: fiscal budget, party dues, own funds, donations and so on."""

    NAME: ClassVar[str] = "fund-sources"

    sources: Annotated[tuple[Source, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _codes_differ(self) -> "SourceTable":
        if len(self.codes) != len(self.sources):
            raise ValueError("a code stands there twice")
        return self

    @cached_property
    def codes(self) -> frozenset[str]:
        """Of all sources."""
        return frozenset(source.code for source in self.sources)

    def check(self, code: str, field: str) -> None:
        """Raise `Problem` 422 where there is no such source."""
        if code not in self.codes:
            raise Problem(422, "unknown-source", field=field, where="/v1/fund-sources", id=code)


class Line(BaseModel):
    """Money promised; `purpose` is encrypted, `by` is when it must have been paid.

    `attempt` is what added it (`attempt_id`); None for those that were there from the beginning.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str
    source: str
    fen: int
    purpose: str | None = None
    by: datetime | None = None
    attempt: str | None = None


class Payment(BaseModel):
    """Money paid; one that was wrong is `voided` with the reason and does not count."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str
    line: str
    fen: int
    at: datetime
    paid_by: str
    voided: str | None = None


class PaymentBody(Body):
    """A payment from a line of money."""

    line: Slug
    yuan: Yuan
    at: PastTime


class LineView(BaseModel):
    """A line of money: promised, paid, left."""

    id: str
    source: str
    purpose: str | None
    by: AwareDatetime | None
    yuan: float
    paid: float
    left: float


class PaymentView(BaseModel):
    """A payment; `voided` has the reason of one that does not count."""

    id: str
    line: str
    yuan: float
    at: AwareDatetime
    paid_by: str
    voided: str | None


def paid(payments: Sequence[Payment], line: str | None = None) -> int:
    """Fen paid from a line, or from all."""
    return sum(p.fen for p in payments if p.voided is None and line in (None, p.line))


def promised(lines: Sequence[Line]) -> int:
    """Fen of all lines."""
    return sum(line.fen for line in lines)


def attempt_id(kind: str, attempt: Idempotency | None) -> str:
    """The id of what a POST adds to a document: the same for the same `Idempotency-Key`."""
    return uuid7() if attempt is None else derived_id(kind, attempt.key)


def pay(
    lines: Sequence[Line], payments: Sequence[Payment], id: str, body: PaymentBody, by: str
) -> tuple[Payment, ...] | None:
    """The payments with a new one; None where `id` is there already.

    Raises:
        Problem: 422 no such line; 409 more than there is left of it, or too many payments.
        IdempotencyConflict: `id` is another payment.
    """
    for earlier in payments:
        if earlier.id == id:
            if (earlier.line, earlier.fen, earlier.at) != (body.line, fen(body.yuan), body.at):
                raise IdempotencyConflict
            return None
    line = next((line for line in lines if line.id == body.line), None)
    if line is None:
        known = ", ".join(line.id for line in lines)
        raise Problem(422, "unknown-line", field="line", id=body.line, lines=known)
    left = line.fen - paid(payments, line.id)
    if fen(body.yuan) > left:
        raise Problem(409, "overspent", field="yuan", left=left / 100, yuan=body.yuan)
    if len(payments) >= PAYMENTS_LIMIT:
        raise Problem(409, "too-many-payments", limit=PAYMENTS_LIMIT)
    new = Payment(id=id, line=line.id, fen=fen(body.yuan), at=body.at, paid_by=by)
    return (*payments, new)


def void(payments: Sequence[Payment], id: str, reason: str) -> tuple[Payment, ...] | None:
    """The payments with one that does not count any more; None where it did not.

    Raises `Problem` 404.
    """
    found = next((payment for payment in payments if payment.id == id), None)
    if found is None:
        raise Problem(404, "unknown-payment", id=id)
    if found.voided is not None:
        return None
    voided = found.model_copy(update={"voided": reason})
    return tuple(voided if payment.id == id else payment for payment in payments)


def line_views(
    lines: Sequence[Line], payments: Sequence[Payment], purposes: Sequence[str | None]
) -> list[LineView]:
    """The lines as shown, with their purposes in the clear."""
    return [
        LineView(
            id=line.id,
            source=line.source,
            purpose=purpose,
            by=line.by,
            yuan=line.fen / 100,
            paid=(spent := paid(payments, line.id)) / 100,
            left=(line.fen - spent) / 100,
        )
        for line, purpose in zip(lines, purposes, strict=True)
    ]


def payment_views(payments: Sequence[Payment]) -> list[PaymentView]:
    """The payments as shown."""
    return [PaymentView(yuan=p.fen / 100, **p.model_dump(exclude={"fen"})) for p in payments]
