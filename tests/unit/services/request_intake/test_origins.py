"""What an event may say of where an answer comes from."""

from datetime import UTC, datetime, timedelta

import pytest

from services.request_intake import access
from services.request_intake.origins import of_resident, of_staff
from services.request_intake.state import Origin
from shared.storage.encryption import FieldCipher
from shared.web.auth import Principal, Role
from tests.unit.services.request_intake.test_requests import request

HASH = FieldCipher.from_secret("a secret of at least 32 characters").blind_index
AT = datetime(2026, 9, 30, 12, tzinfo=UTC)
PATH = ("bj", "xc", "s1", "c1")


def test_a_resident_is_known_again_within_a_month_and_not_after() -> None:
    said = ("138 0013 8000", "device-of-somebody", "10.1.2.3")
    one = of_resident(HASH, AT, *said)
    same = of_resident(HASH, AT - timedelta(days=29), "+86 13800138000", said[1], "10.1.2.9")
    assert one == same
    later = of_resident(HASH, AT + timedelta(days=1), *said)
    known = [value for value in one.model_dump().values() if isinstance(value, str)]
    assert len(known) == 4
    assert not {*known} - {"resident"} & {*later.model_dump(exclude={"staff_path"}).values()}
    other = of_resident(HASH, AT, "13800138001", "another-device-0000", "10.1.3.3")
    assert not {one.device, one.network, one.asker} & {other.device, other.network, other.asker}


def test_what_is_not_known_is_left_out() -> None:
    assert of_resident(HASH, AT, None, None, None) == Origin(by="resident")
    assert of_resident(HASH, AT, "", None, "127.0.0.1") == Origin(by="resident")
    assert of_resident(HASH, AT, None, None, "unknown").network is not None


@pytest.mark.parametrize(
    ("caller", "path"),
    [
        (Principal("a", Role.ADMINISTRATOR), ()),
        (Principal("m", Role.AREA_MANAGER, areas=frozenset({"s1"})), ("bj", "xc", "s1")),
        (Principal("m", Role.AREA_MANAGER, areas=frozenset({"xc", "c1"})), PATH),
        (Principal("l", Role.GRID_LEADER, areas=frozenset({"s9"}), grids=frozenset({"g"})), PATH),
        (Principal("l", Role.GRID_LEADER, areas=frozenset({"s1"})), ("bj", "xc", "s1")),
    ],
)
def test_staff_are_told_by_their_place(caller: Principal, path: tuple[str, ...]) -> None:
    state = request(area_path=PATH, grid_id="g", located=True)
    assert access.staff_path(caller, state) == path
    told = of_staff(HASH, AT, f"{caller.role}:{caller.subject}", path)
    assert (told.by, told.staff_path, told.device) == ("staff", path, None)
    assert told.asker == of_staff(HASH, AT, f"{caller.role}:{caller.subject}", ()).asker
