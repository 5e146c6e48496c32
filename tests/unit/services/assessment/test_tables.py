"""The shipped tables of assessment."""

import pytest

from services.assessment.tables import SHIPPED, TABLES
from shared.storage.tables import Table


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.NAME)
def test_each_shipped_table_is_valid(model: type[Table]) -> None:
    """A field that it does not know is refused."""
    model.model_validate_json((SHIPPED / f"{model.NAME}.json").read_bytes())
