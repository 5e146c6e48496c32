"""A certificate is told of when it is issued and when it is revoked, without a name or its code."""

from datetime import date

from services.registry.certificates.decisions import CertificateState, issue, revoke
from shared.contracts.work import CertificateIssued, CertificateRevoked

STATE = CertificateState(
    person_id="p1",
    name="sealed",
    volunteer_number="V1",
    since="2026-01-01",
    until="2026-03-31",
    hours=2.5,
    services=2,
    issued_on="2026-04-01",
    issued_by="administrator:a",
    area_path=("C",),
    grid_id="g1",
)


def test_what_is_issued_and_revoked_is_told_once() -> None:
    [issued] = issue("ZY1", STATE).events
    assert isinstance(issued, CertificateIssued)
    assert (issued.number, issued.person_id, issued.hours) == ("ZY1", "p1", 2.5)
    assert (issued.since, issued.until) == (date(2026, 1, 1), date(2026, 3, 31))
    gone = revoke("ZY1", STATE, "时数有误")
    assert gone is not None
    assert list(gone.events) == [CertificateRevoked(number="ZY1", person_id="p1")]
    assert revoke("ZY1", gone.state, "again") is None
