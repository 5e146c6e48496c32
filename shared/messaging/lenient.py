"""Reading records whose header names are not UTF-8.

Kafka takes any bytes as a header's name, and a unit's client may well send GBK; aiokafka then
raises for the whole fetch, again and again, and the partition stands still. After such an error
records are read for a minute by a reader that puts U+FFFD in place of what it cannot decode; what
is amiss with the record is then told as with any other. It is slower (aiokafka's own, written in
Python), hence only for a while.
"""

import time
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy

_WHILE_SECONDS = 60.0
_MAGIC_OFFSET = 16

_until = 0.0


class _Bytes(bytearray):
    """Bytes that decode whatever they hold."""

    def __getitem__(self, index: Any) -> Any:
        found: Any = super().__getitem__(index)
        return _Bytes(found) if isinstance(index, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        """Never raises."""
        return super().decode(encoding, errors)


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc]
    def _maybe_uncompress(self) -> None:
        if not self._decompressed:
            super()._maybe_uncompress()
            self._buffer = _Bytes(self._buffer)


class _Records(_MemoryRecordsPy):  # type: ignore[misc]
    def next_batch(self, *_: Any) -> Any:
        """The next batch, read leniently where it is of the present format."""
        following = self._next_slice
        if following is None or len(following) <= _MAGIC_OFFSET or following[_MAGIC_OFFSET] < 2:
            return super().next_batch()
        self._cache_next()
        return _Batch(following)


def _reader(data: bytes) -> Any:
    return _Records(data) if time.monotonic() < _until else MemoryRecords(data)


def read_leniently_for_a_while() -> None:
    """Let every consumer of this process take any header name for a minute."""
    global _until  # noqa: PLW0603
    _until = time.monotonic() + _WHILE_SECONDS


fetcher.MemoryRecords = _reader  # type: ignore[attr-defined, assignment]
