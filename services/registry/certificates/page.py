"""A certificate as one static page, to be read and printed."""

from html import escape

from services.registry.certificates.decisions import Certified
from shared.web.messages import LANGUAGE_TAGS, Language, say

_STYLE = """
body{font:18px/1.8 "Songti SC","Noto Serif CJK SC",SimSun,serif;color:#111;background:#eee;margin:0}
main{background:#fff;max-width:44em;margin:2em auto;padding:3em 4em;border:6px double #b00;}
h1{text-align:center;letter-spacing:.3em;font-size:1.9em;margin:0 0 1.2em}
p.says{text-indent:2em}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1em;font-size:.8em;margin-top:3em}
dt{color:#555}dd{margin:0;overflow-wrap:anywhere;font-family:monospace}
.warn{color:#b00;border:2px solid #b00;padding:.3em 1em;text-align:center}
@media print{@page{size:A4;margin:20mm}body{background:#fff}main{margin:0;max-width:none}}
"""


def page(
    said: Certified,
    code: str,
    language: Language,
    *,
    revoked: bool,
    hours_now: float,
) -> str:
    """The page in a language. `hours_now`: what records say of the period today."""

    def words(key: str, **parameters: str) -> str:
        return escape(say(f"certificate.{key}", language, parameters))

    warning = ""
    if revoked:
        warning = f'<p class="warn">{words("revoked")}</p>'
    elif hours_now != said.hours:
        warning = f'<p class="warn">{words("changed", hours=f"{hours_now:g}")}</p>'
    sentence = words(
        "says",
        name=said.name,
        volunteer_number=said.volunteer_number or "—",
        since=said.since.isoformat(),
        until=said.until.isoformat(),
        services=str(said.services),
        hours=f"{said.hours:g}",
    )
    rows = [
        (words("number"), said.number),
        (words("issued"), said.issued_on.isoformat()),
        (words("code"), code),
        (words("digest"), said.digest()),
    ]
    listed = "".join(f"<dt>{label}</dt><dd>{escape(value)}</dd>" for label, value in rows)
    where = words("verify", where=f"/v1/certificates/{said.number}?code=…")
    title = words("title")
    return (
        f'<!doctype html><html lang="{LANGUAGE_TAGS[language]}"><head><meta charset="utf-8">'
        f"<title>{title} {escape(said.number)}</title><style>{_STYLE}</style></head>"
        f'<body><main><h1>{title}</h1>{warning}<p class="says">{sentence}</p>'
        f"<dl>{listed}</dl><p><small>{where}</small></p></main></body></html>"
    )
