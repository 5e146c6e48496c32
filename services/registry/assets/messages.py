"""Sentences of the six assets, Chinese and English: where each number comes from."""

from services.registry.assets.table import Count

SOURCES = {
    Count.TERMS: ("任期登记", "terms", "/v1/organizations/{id}/terms"),
    Count.TRAINED: ("书记培训记录", "records of training", "/v1/organizations/{id}/terms"),
    Count.VENUES: ("场所登记", "venues", "/v1/venues?organization_id={id}&retired=false"),
    Count.VENUE_USES: ("场所登记", "venues", "/v1/venues?organization_id={id}&retired=false"),
    Count.CARRIERS: ("先锋岗和责任区登记", "carriers", "/v1/carriers?organization_id={id}"),
    Count.PROMISES: ("践诺登记", "promises", "/v1/promises?organization_id={id}&status=kept"),
    Count.ERRANDS: ("全程代办登记", "errands", "/v1/errands?organization_id={id}&stage=done"),
    Count.RECORDS: ("工作记录", "records", "/v1/records?organization_id={id}"),
}
"""By what is counted: its name, Chinese and English, and where it is listed."""
