"""Settings of a service process, read from the environment (prefix `LIANXIN_`).

The two servers keep their common names: `KAFKA_BOOTSTRAP_SERVERS` and `MONGODB_URI`.
"""

import os
import socket
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """One process's settings. Every number is in the unit that its name ends with."""

    model_config = SettingsConfigDict(env_prefix="LIANXIN_", extra="ignore", frozen=True)

    service: str = "service"
    host: str = "127.0.0.1"
    port: int = 8080
    replica: str = Field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}")

    kafka_bootstrap_servers: str = Field(
        default="127.0.0.1:9092", validation_alias="KAFKA_BOOTSTRAP_SERVERS"
    )
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_idempotence: bool = True
    kafka_partitions: int = Field(default=12, ge=1, le=1000)
    kafka_replication: int = Field(default=1, ge=1)
    kafka_session_timeout_ms: int = Field(default=10_000, ge=1000)
    topic_prefix: str = ""

    mongodb_uri: str = Field(default="mongodb://127.0.0.1:27017", validation_alias="MONGODB_URI")
    mongo_driver: Literal["motor", "pymongo"] = Field(
        default="motor", validation_alias="MONGO_DRIVER"
    )
    database: str = ""

    token_secret: SecretStr = Field(min_length=32)
    field_key: SecretStr = Field(min_length=32)

    timezone: str = "Asia/Shanghai"
    data_folder: str = ""
    """Folder with a city's own tables (categories, routing, deadlines); empty: the shipped ones."""

    retry_seconds: tuple[float, ...] = (0.1, 0.3, 0.8)
    """Pauses between tries of a failing handler; their sum bounds how long a partition waits."""
    max_failures_in_a_row: int = 20
    gap_grace_seconds: float = 1.0
    gap_bound_seconds: float = 60.0
    record_limit_bytes: int = 1_000_000
    follow_up_days: float = 7.0

    trusted_proxies: int = Field(default=0, ge=0, le=10)
    """Proxies of the city's own in front of the service: the address that the outermost of them
    saw (`X-Forwarded-For`) is the caller's. 0: the one that the connection comes from."""

    open311_jurisdiction: str = ""
    """The city's `jurisdiction_id` (its domain, as `city.gov.cn`); empty: any is taken."""
    open311_url: str = ""
    """Public address of GeoReport, as `https://api.city.gov.cn/open311/v2`; empty: as called."""
    open311_contact: str = ""
    """Who is asked about the interface and for an `api_key`, in words for people."""
    open311_type: Literal["production", "test"] = "production"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        ZoneInfo(value)
        return value

    @property
    def database_name(self) -> str:
        """Database of this service; one a service."""
        return self.database or f"lianxin_{self.service}"

    @property
    def source(self) -> str:
        """CloudEvents source of this service, as `/services/request-intake`."""
        return f"/services/{self.service.replace('_', '-')}"
