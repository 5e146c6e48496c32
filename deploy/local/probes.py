"""Asks a server in its own protocol whether it is ready, with nothing but a socket.

An open port is not readiness: Kafka listens before its group coordinator can be had, and a
container's proxy listens before the server in it does. No driver is used, so that starting a
server neither needs an event loop nor logs a driver's complaints about one that is not up yet.
"""

import socket
import struct

import bson

TIMEOUT = 5.0
METADATA, FIND_COORDINATOR, LIST_GROUPS = 3, 10, 16
OP_MSG = 2013


def kafka_ready(host: str, port: int) -> bool:
    """Whether a Kafka broker knows its controller and can coordinate a consumer group."""
    try:
        metadata = _kafka(host, port, METADATA, 1, struct.pack(">i", 0))  # of no topic
        # brokers: node id, host, port and rack of each; then the controller's id
        (brokers,) = struct.unpack_from(">i", metadata)
        at = 4
        for _ in range(brokers):
            at = _after_string(metadata, at + 4)
            at = _after_string(metadata, at + 4)
        (controller,) = struct.unpack_from(">i", metadata, at)
        if brokers < 1 or controller < 0:
            return False
        # The first question makes Kafka create its offsets topic; the answer is an error till then.
        group = b"ready"
        found = _kafka(host, port, FIND_COORDINATOR, 0, struct.pack(">h", len(group)) + group)
        if struct.unpack_from(">h", found) != (0,):
            return False
        # It is an error too while the coordinator still reads what it has kept.
        (_throttle, error) = struct.unpack_from(">ih", _kafka(host, port, LIST_GROUPS, 1, b""))
        return bool(error == 0)
    except (OSError, struct.error):
        return False


def mongodb_ready(host: str, port: int) -> bool:
    """Whether a MongoDB server answers `hello` as one that takes writes."""
    try:
        reply = mongodb_command(host, port, {"hello": 1, "$db": "admin"})
    except (OSError, struct.error, bson.errors.InvalidBSON):
        return False
    return bool(reply.get("isWritablePrimary"))


def mongodb_command(host: str, port: int, command: dict[str, object]) -> dict[str, object]:
    """One command's reply from a server without authentication."""
    message = struct.pack("<iB", 0, 0) + bson.encode(command)
    header = struct.pack("<iiii", 16 + len(message), 1, 0, OP_MSG)
    with socket.create_connection((host, port), TIMEOUT) as connection:
        connection.sendall(header + message)
        (length,) = struct.unpack("<i", _exactly(connection, 4))
        reply = _exactly(connection, length - 4)
    return dict(bson.decode(reply[12 + 5 :]))


def _kafka(host: str, port: int, api: int, version: int, body: bytes) -> bytes:
    client = b"lianxin-probe"
    request = struct.pack(">hhih", api, version, 1, len(client)) + client + body
    with socket.create_connection((host, port), TIMEOUT) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        (length,) = struct.unpack(">i", _exactly(connection, 4))
        return _exactly(connection, length)[4:]  # without the correlation id


def _after_string(data: bytes, at: int) -> int:
    (length,) = struct.unpack_from(">h", data, at)
    return at + 2 + max(0, int(length))


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise ConnectionResetError("closed in the middle of an answer")
        data += chunk
    return data
