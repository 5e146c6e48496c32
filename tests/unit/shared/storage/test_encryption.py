import pytest

from shared.storage.encryption import DecryptionError, FieldCipher, context_of

OLD, NEW = "o" * 32, "n" * 43 + "="
PLACE = context_of("requests", "contact", "42")


def test_a_value_comes_back_and_is_never_twice_the_same() -> None:
    cipher = FieldCipher.from_secret(OLD)
    first, second = cipher.encrypt("王小明 13800000000", PLACE), cipher.encrypt("", PLACE)
    assert first.startswith("v1:1:")
    assert "138" not in first
    assert first != cipher.encrypt("王小明 13800000000", PLACE)
    assert cipher.decrypt(first, PLACE) == "王小明 13800000000"
    assert cipher.decrypt(second, PLACE) == ""


def test_a_value_moved_to_another_place_is_refused() -> None:
    cipher = FieldCipher.from_secret(OLD)
    value = cipher.encrypt("王小明", PLACE)
    with pytest.raises(DecryptionError, match="not of this place"):
        cipher.decrypt(value, context_of("requests", "contact", "43"))


def _altered(value: str) -> str:
    return value[:-6] + ("AAAAAA" if value[-6:] != "AAAAAA" else "BBBBBB")


@pytest.mark.parametrize(
    "spoil",
    [
        _altered,
        lambda v: v.replace("v1:", "v2:"),
        lambda v: v.replace("v1:1:", "v1:9:"),
        lambda v: "v1:1:",
        lambda v: "v1:1:不是",
        lambda v: "plain text",
        lambda v: v[:20],
    ],
)
def test_a_spoilt_value_is_a_clear_error(spoil) -> None:  # type: ignore[no-untyped-def]
    cipher = FieldCipher.from_secret(OLD)
    with pytest.raises(DecryptionError):
        cipher.decrypt(spoil(cipher.encrypt("王小明", PLACE)), PLACE)


def test_after_rotation_old_values_are_read_and_found() -> None:
    before = FieldCipher.from_secret(OLD)
    after = FieldCipher.from_secret(f"2={NEW},1={OLD}")
    value = before.encrypt("王小明", PLACE)
    assert after.decrypt(value, PLACE) == "王小明"
    assert after.needs_rotation(value)
    again = after.encrypt("王小明", PLACE)
    assert again.startswith("v1:2:")
    assert not after.needs_rotation(again)
    with pytest.raises(DecryptionError, match="no key '2'"):
        before.decrypt(again, PLACE)
    assert before.blind_index("13800000000") == after.blind_index("13800000000")


def test_blind_index_parts_texts_and_keys() -> None:
    cipher = FieldCipher.from_secret(OLD)
    assert cipher.blind_index("13800000000") != cipher.blind_index("13800000001")
    assert cipher.blind_index("1") != FieldCipher.from_secret(NEW).blind_index("1")


@pytest.mark.parametrize("secret", ["short", f"1={OLD},1={NEW}", f"2=short,1={OLD}", ""])
def test_bad_secrets_are_refused(secret: str) -> None:
    with pytest.raises(ValueError, match=r"fewer than 32|twice"):
        FieldCipher.from_secret(secret)


def test_bad_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="not among"):
        FieldCipher({"1": b"k" * 32}, "2", b"i" * 32)
    with pytest.raises(ValueError, match="32 bytes"):
        FieldCipher({"1": b"k" * 16}, "1", b"i" * 32)
    with pytest.raises(ValueError, match="key id"):
        FieldCipher({"a:b": b"k" * 32}, "a:b", b"i" * 32)
