"""Ids of many, compact: a UUID takes 16 bytes here, where a Python string takes 85.

Row numbers are given in the order of arrival and never change.
"""

from uuid import UUID

import numpy as np
from numpy.typing import NDArray

_EMPTY = -1
_UUID_LENGTH = 36


class Ids:
    """Id to row and back: the ids' bytes one after another, and a hash table of row numbers."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends: NDArray[np.uint32] = np.zeros(64, np.uint32)
        self._slots: NDArray[np.int32] = np.full(128, _EMPTY, np.int32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return len(self._bytes) + self._ends.nbytes + self._slots.nbytes

    def __getitem__(self, row: int) -> str:
        kept = self._kept(row)
        return str(UUID(bytes=kept[1:])) if kept[0] == 1 else kept[1:].decode()

    def find(self, id: str) -> int | None:
        """The row of an id; None where it is not known."""
        row = int(self._slots[self._slot(_packed(id))])
        return None if row == _EMPTY else row

    def add(self, id: str) -> int:
        """The row of an id, a new one where it is not known."""
        packed = _packed(id)
        slot = self._slot(packed)
        row = int(self._slots[slot])
        if row != _EMPTY:
            return row
        row = self._count
        if row == len(self._ends):
            self._ends = np.concatenate([self._ends, np.zeros_like(self._ends)])
        self._bytes += packed
        self._ends[row] = len(self._bytes)
        self._slots[slot] = row
        self._count += 1
        if 2 * self._count > len(self._slots):
            self._rehash()
        return row

    def _kept(self, row: int) -> bytes:
        start = int(self._ends[row - 1]) if row else 0
        return bytes(self._bytes[start : int(self._ends[row])])

    def _slot(self, packed: bytes) -> int:
        """Where the id stands in the table, or would stand."""
        mask = len(self._slots) - 1
        slot = hash(packed) & mask
        while True:
            row = int(self._slots[slot])
            if row == _EMPTY or self._kept(row) == packed:
                return slot
            slot = (slot + 1) & mask

    def _rehash(self) -> None:
        self._slots = np.full(2 * len(self._slots), _EMPTY, np.int32)
        for row in range(self._count):
            self._slots[self._slot(self._kept(row))] = row


def _packed(id: str) -> bytes:
    """A mark and the id: 16 bytes of a UUID in its usual writing, else its text."""
    if len(id) == _UUID_LENGTH:
        try:
            uuid = UUID(id)
        except ValueError:
            return b"\x00" + id.encode()
        if str(uuid) == id:
            return b"\x01" + uuid.bytes
    return b"\x00" + id.encode()
