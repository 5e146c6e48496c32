"""Where voices come from: networks, and hashes that nobody can be followed by."""

import pytest
from starlette.requests import Request

from shared.storage.encryption import FieldCipher
from shared.web.sources import address_of, keyed, network_of

HASH = FieldCipher.from_secret("a secret of at least 32 characters").blind_index


def test_a_network_is_the_first_bits_of_an_address() -> None:
    assert network_of("10.1.2.3") == network_of("10.1.2.250") == "10.1.2.0/24"
    assert network_of("::ffff:10.1.2.3") == "10.1.2.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network_of("nonsense") == "nonsense"


def test_hashes_are_equal_within_a_salt_and_unlike_between_two() -> None:
    assert keyed(HASH, "r1", "device", "d") == keyed(HASH, "r1", "device", "d")
    assert keyed(HASH, "r1", "device", "d") != keyed(HASH, "r2", "device", "d")
    assert keyed(HASH, "r1", "device", "d") != keyed(HASH, "r1", "network", "d")


@pytest.mark.parametrize(
    ("proxies", "lines", "address"),
    [
        (0, ["1.1.1.1"], "9.9.9.9"),  # what a caller says of himself is no proxy's word
        (1, ["1.1.1.1, 2.2.2.2"], "2.2.2.2"),
        (2, ["1.1.1.1, 2.2.2.2"], "1.1.1.1"),
        (2, ["1.1.1.1", "2.2.2.2"], "1.1.1.1"),
        (2, ["1.1.1.1"], "9.9.9.9"),
    ],
)
def test_the_address_is_the_one_that_the_outermost_trusted_proxy_saw(
    proxies: int, lines: list[str], address: str
) -> None:
    headers = [(b"x-forwarded-for", line.encode()) for line in lines]
    request = Request({"type": "http", "headers": headers, "client": ("9.9.9.9", 1)})
    assert address_of(request, proxies) == address
