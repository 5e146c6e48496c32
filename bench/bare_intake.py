"""The peer of `POST /v1/requests`: a bare FastAPI route that validates and inserts the document.

Run as `python -m bench.bare_intake PORT MONGODB_URI DATABASE`.
"""

import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field

from shared.contracts.ids import uuid7
from shared.storage.client import connect


class Point(BaseModel):
    longitude: float = Field(ge=-180, le=180)
    latitude: float = Field(ge=-90, le=90)


class Place(BaseModel):
    point: Point | None = None
    area: str | None = None


class NewRequest(BaseModel):
    channel: Literal["web", "app", "hotline", "window", "grid_visit", "unit", "open311", "other"]
    kind: Literal["complaint", "question", "suggestion", "help", "praise", "other"]
    text: Annotated[str, Field(min_length=1, max_length=4000)]
    place: Place


def bare_app(uri: str, database: str) -> FastAPI:
    client = connect(uri)
    collection = client.database(database)["requests"]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> Any:
        yield
        await client.close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/requests", status_code=201)
    async def create(body: NewRequest) -> dict[str, Any]:
        now = datetime.now(UTC)
        document = _document(body, now)
        await collection.insert_one(document)
        return {"id": document["_id"], "accepted_at": now}

    return app


def _document(body: NewRequest, now: datetime) -> dict[str, Any]:
    """As large as what intake writes, outbox and history included."""
    id = uuid7()
    return {
        "_id": id,
        "version": 1,
        "sequence": 1,
        "shard": 3,
        "created_at": now,
        "pending_since": now,
        "inbox": {},
        "idempotency": {"key": id * 2, "fingerprint": id * 2, "answer": {"id": id, "at": now}},
        "state": body.model_dump() | {"id": id, "accepted_at": now, "status": "accepted"},
        "history": [{"at": now, "by": "bench", "what": ["lianxin.request.accepted.v1"], "why": ""}],
        "outbox": [
            {
                "n": 1,
                "id": id,
                "type": "lianxin.request.accepted.v1",
                "time": now,
                "key": id,
                "trace": "00-" + "0" * 52,
                "data": b"x" * 450,
            }
        ],
    }


if __name__ == "__main__":
    uvicorn.run(
        bare_app(sys.argv[2], sys.argv[3]),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
