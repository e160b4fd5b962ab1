"""From a template to an answer: the one place that fills templates, and what each of them is given.

Besides what its page gives, a template has `t` and `count` (texts), `moment`, `second`, `until`,
`day`, `span` and `article` (dates and sources as people write them), `number`, `said` and `text_of`
(values as they do), `static` (addresses of files), `now`, `today` and `page`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from broker.dashboard import dates
from broker.dashboard.navigation import NAVIGATION, Entry, section_of
from broker.dashboard.office import FORM_TOKEN, LANGUAGE, MEMBER, OFFICE
from broker.dashboard.texts import LANGUAGES, TEXTS, Texts
from broker.dashboard.values import number, said, text_of
from broker.engine.calendar import local_day
from broker.store.staff import Member, StaffRole

_HERE = Path(__file__).parent
STATIC = _HERE / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the frame around every page needs; `member` None for a visitor.

    `path` is where choosing a language leads: of what a form was answered with, its section.
    """

    language: str
    languages: tuple[str, ...]
    path: str
    form_token: str
    operator: str
    member: Member | None
    navigation: tuple[Entry, ...]
    section: Entry | None

    @property
    def may_decide(self) -> bool:
        """Whether the person may do more than look."""
        return self.member is not None and self.member.role is StaffRole.CLERK


def set_up(app: web.Application) -> None:
    """Let the application fill templates: escaped always, and nothing in them left undefined."""
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(
    request: web.Request,
    template: str,
    values: Mapping[str, Any] | None = None,
    *,
    status: int = HTTPStatus.OK,
) -> web.Response:
    """The page of a template, in the visitor's language."""
    texts = texts_for(request)
    given = {**_for_every_page(request, texts), **(values or {})}
    return aiohttp_jinja2.render_template(template, request, given, status=status)


def texts_for(request: web.Request) -> Texts:
    """The texts in the visitor's language."""
    return TEXTS[request[LANGUAGE]]


def _for_every_page(request: web.Request, texts: Texts) -> dict[str, Any]:
    now = request.app[OFFICE].clock.now()
    section = section_of(request.path)
    return {
        "page": Page(
            language=texts.language,
            languages=LANGUAGES,
            path=request.path_qs if request.method == "GET" else section.path if section else "/",
            form_token=request.get(FORM_TOKEN, ""),
            operator=request.app[OFFICE].operator_name,
            member=request.get(MEMBER),
            navigation=NAVIGATION,
            section=section,
        ),
        "t": texts,
        "count": texts.count,
        "moment": partial(dates.moment, texts=texts),
        "second": partial(dates.second, texts=texts),
        "until": partial(dates.until, texts=texts),
        "day": partial(dates.day, texts=texts),
        "span": partial(dates.span, texts=texts),
        "article": partial(dates.article, texts=texts),
        "number": partial(number, texts=texts),
        "said": partial(said, texts=texts),
        "text_of": partial(text_of, texts=texts),
        "static": _static,
        "now": now,
        "today": local_day(now),
    }


@cache
def _static(name: str) -> str:
    """The address of a file of `static/`, another for other contents: so browsers may keep it."""
    return f"/static/{name}?{sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"
