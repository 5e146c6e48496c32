"""Field encryption: names, telephone numbers and addresses are kept unreadable in the database.

AES-256-GCM with a random nonce. The place of a value (collection, field, document id) is bound to
it, so that a value copied to another place does not decrypt there.
"""

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Callable, Mapping
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = "v1"
_KEY_BYTES, _NONCE_BYTES = 32, 12
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_NAMED_SECRET = re.compile(rf"({_KEY_ID.pattern})=(.+)")


class DecryptionError(ValueError):
    """A value cannot be read: its key is unknown, or it was altered, or moved from its place."""


def context_of(collection: str, field: str, document_id: str) -> str:
    """The place of a value, for `encrypt` and `decrypt`."""
    return f"{collection}\0{field}\0{document_id}"


class FieldCipher:
    """Encrypts with the key `active`, decrypts with any of `keys` (id -> 32 bytes).

    `index_key` (32 bytes) serves `blind_index` alone and outlives rotation: with another one no
    earlier index is found again.
    """

    def __init__(self, keys: Mapping[str, bytes], active: str, index_key: bytes) -> None:
        if active not in keys:
            raise ValueError(f"the active key {active!r} is not among the keys")
        if not all(_KEY_ID.fullmatch(key_id) for key_id in keys):
            raise ValueError("a key id is 1 to 16 letters, digits, '_' or '-'")
        if any(len(key) != _KEY_BYTES for key in (*keys.values(), index_key)):
            raise ValueError(f"a key has {_KEY_BYTES} bytes")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._active = active
        self._index_key = index_key

    @classmethod
    def from_secret(cls, secret: str) -> Self:
        """From one secret (id `1`), or several as `2=<new>,1=<old>`, the first active.

        Each has at least 32 characters and no comma. The index key comes from the last, the
        oldest: to rotate, put the new one in front and leave the old ones in place.
        """
        secrets: dict[str, str] = {}
        for part in secret.split(","):
            named = _NAMED_SECRET.fullmatch(part.strip())
            key_id, value = (named[1], named[2]) if named else ("1", part.strip())
            if key_id in secrets:
                raise ValueError(f"the key id {key_id!r} is given twice")
            if len(value) < _KEY_BYTES:
                raise ValueError(f"the secret of key {key_id!r} has fewer than 32 characters")
            secrets[key_id] = value
        keys = {key_id: _derive(value, "field key") for key_id, value in secrets.items()}
        return cls(keys, next(iter(keys)), _derive(list(secrets.values())[-1], "blind index"))

    def encrypt(self, text: str, context: str) -> str:
        """`v1:<key id>:<base64 of nonce and ciphertext>`, another one at each call."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._active].encrypt(
            nonce, text.encode(), _bound(self._active, context)
        )
        return f"{_VERSION}:{self._active}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, value: str, context: str) -> str:
        """The text that was encrypted with the same context. Raises `DecryptionError`."""
        version, _, rest = value.partition(":")
        key_id, _, encoded = rest.partition(":")
        if version != _VERSION:
            raise DecryptionError("not an encrypted field")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise DecryptionError(f"no key {key_id[:16]!r}: add it to the field keys")
        try:
            raw = base64.b64decode(encoded, validate=True)
            nonce, sealed = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
            return cipher.decrypt(nonce, sealed, _bound(key_id, context)).decode()
        except (InvalidTag, ValueError) as exc:
            raise DecryptionError("altered, or not of this place") from exc

    def needs_rotation(self, value: str) -> bool:
        """Whether `value` was encrypted with another key than the active one."""
        return not value.startswith(f"{_VERSION}:{self._active}:")

    def blind_index(self, text: str) -> str:
        """HMAC-SHA-256 in hex, to find equal texts (a telephone number) without reading them.

        Bring the text into one form first: `+86 138…` and `138…` have different indexes.
        """
        return hmac.new(self._index_key, text.encode(), hashlib.sha256).hexdigest()


Seal = Callable[[str, str], str]
"""`(field, words) -> sealed`, or back."""


def sealing(cipher: FieldCipher, kind: str, id: str) -> Seal:
    """Locks words of one entry's fields."""
    return lambda field, words: cipher.encrypt(words, context_of(kind, field, id))


def opening(cipher: FieldCipher, kind: str, id: str) -> Seal:
    """Opens what `sealing` locked."""
    return lambda field, sealed: cipher.decrypt(sealed, context_of(kind, field, id))


def _bound(key_id: str, context: str) -> bytes:
    return f"{_VERSION}\0{key_id}\0{context}".encode()


def _derive(secret: str, purpose: str) -> bytes:
    info = f"lianxin {purpose}".encode()
    return HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=info).derive(secret.encode())
