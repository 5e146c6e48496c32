"""What the states of aggregates are made of."""

from pydantic import BaseModel, ConfigDict


class Piece(BaseModel):
    """A frozen piece of state."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)
