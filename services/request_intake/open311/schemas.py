"""What goes in and comes out, field by field as in GeoReport v2."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.request_intake.schemas import Email, Telephone
from shared.contracts.payload import Code
from shared.web.schemas import AreaCode, Latitude, Longitude, ShortText, Text4000

Format = Literal["xml", "json"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=90)]


def _web_address(value: str) -> str:
    if not value.startswith(("http://", "https://")) or any(part.isspace() for part in value):
        raise PydanticCustomError("open311_web_address", "no web address")
    return value


WebAddress = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_web_address)]


class NewServiceRequest(BaseModel):
    """The form of POST requests. What else a client sends is passed over, as the standard wants.

    One of `lat` with `long`, `address_string` and `address_id` is needed. `attribute[code]` is
    read beside it.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    service_code: Code
    lat: Latitude | None = None
    long: Longitude | None = None
    address_string: ShortText | None = None
    address_id: AreaCode | None = Field(
        default=None, description="Code of a street or community, as at /v1/areas of the registry"
    )
    description: Text4000 | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    phone: Telephone | None = None
    email: Email | None = None
    media_url: WebAddress | None = None
    account_id: ShortText | None = Field(default=None, description="Answered again, not kept")
    device_id: str | None = Field(default=None, description="Not kept")


class Service(BaseModel):
    """A kind of request."""

    service_code: str
    service_name: str
    description: str
    metadata: bool
    type: Literal["realtime"]
    keywords: str
    group: str


class ServiceDefinition(BaseModel):
    """What else a kind of request asks: nothing."""

    service_code: str
    attributes: list[dict[str, Any]]


class Filed(BaseModel):
    """A request just filed."""

    service_request_id: str
    service_notice: str
    account_id: str | None


class ServiceRequest(BaseModel):
    """What everybody may know of a request."""

    service_request_id: str
    status: Literal["open", "closed"]
    status_notes: str
    service_name: str
    service_code: str
    description: str
    agency_responsible: str | None
    service_notice: str | None
    requested_datetime: str
    updated_datetime: str
    expected_datetime: str | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    lat: float | None
    long: float | None
    media_url: str | None


class Error(BaseModel):
    """One thing that is wrong."""

    code: int
    description: str


class Endpoint(BaseModel):
    """Where a version of the standard is served."""

    specification: str
    url: str
    changeset: str
    type: Literal["production", "test"]
    formats: list[str]


class Discovery(BaseModel):
    """What is served where, and who is asked for a key."""

    changeset: str
    contact: str
    key_service: str
    endpoints: list[Endpoint]


_XML: dict[str, Any] = {"content": {"text/xml": {}}}
_MEANINGS: dict[int | str, str] = {
    400: "What was sent is not valid",
    403: "The api_key is missing or not valid",
    404: "There is no such address, service, request or jurisdiction",
    503: "Try again in a moment",
    "default": "Failure",
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": list[Error], "description": meaning, **_XML}
    for status, meaning in _MEANINGS.items()
}


def answers(model: Any, description: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route in OpenAPI: both formats, and the errors."""
    return {200: {"model": model, "description": description, **_XML}, **ERRORS}


def form_of(model: type[BaseModel], **more: Any) -> dict[str, Any]:
    """`openapi_extra` for a route that reads the form by itself; `more`: fields outside `model`."""
    schema = model.model_json_schema()
    schema["properties"] |= more
    return {
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": schema}},
        }
    }
