"""An employee's own phone: whether it is heard, and connecting it, in a minute and without anybody's help.

What it is set up with is on the answer to the button, and nowhere else.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, make_response, render_template
from sqlalchemy import select
from werkzeug.wrappers import Response

from tracker.storage import device_changes
from tracker.storage.changes import By
from tracker.storage.device_changes import Holder
from tracker.storage.device_pages import SILENT_AFTER, devices_carried, status_of
from tracker.storage.models import Device, DeviceState, Membership, Person
from tracker.web import device_words
from tracker.web.access import Access, actor, allowed, own_person
from tracker.web.city import city, db
from tracker.web.device_forms import proposed_login
from tracker.web.setting_up import SetUp, set_up_with
from tracker.wire.makers import maker_of

pages = Blueprint("my_phone", __name__, url_prefix="/me/phone")
INTERVAL = timedelta(seconds=60)


@pages.get("")
@allowed(Access.EMPLOYEE)
def show() -> Response:
    """Which phone is theirs, when it was heard, and what to do where it is not."""
    return _page()


@pages.post("")
@allowed(Access.EMPLOYEE)
def connect() -> Response:
    """Connect this phone: the one that is theirs gets another secret; who has none gets one, where the city allows."""
    session = db.session()
    person = session.get_one(Person, own_person(), with_for_update=True)  # a button pressed twice makes one phone
    mine = _carried()
    if not _works() or (not mine and not city().settings.self_enrolment):
        abort(404)
    on_own = By(session, actor(), None, city().now(), city().today())  # about themselves and their own phone only
    login = mine[0].login if mine else proposed_login()
    if not mine:
        device_changes.register_device(on_own, login, "phone", Holder(nip=person.nip))
    secret = device_changes.set_up(on_own, login)
    session.commit()
    interval_s = mine[0].expected_interval_s if mine else int(INTERVAL.total_seconds())
    return _page(set_up_with(login, secret, interval_s))


def _works() -> bool:
    """Whether they belong to a unit today: nobody else is followed."""
    today = Membership.person_id == own_person(), Membership.period.contains(city().today())
    return db.session.scalar(select(Membership.id).where(*today)) is not None


def _carried() -> list[Device]:
    return list(devices_carried(db.session(), own_person(), city().now()))


def _page(fresh: SetUp | None = None) -> Response:
    mine, now = _carried(), city().now()
    device = mine[0] if mine else None
    state = db.session.get(DeviceState, device.id) if device else None
    status = status_of(db.session(), device.id) if device else None
    maker = maker_of(device.model if device else None, status.platform if status else None)
    page = render_template(
        "my_phone.html", device=device, state=state, status=status, fresh=fresh, maker=maker,
        device_words=device_words,
        silent=state is None or state.last_heard_at < now - SILENT_AFTER, may_enrol=city().settings.self_enrolment,
        works=_works(),
    )  # fmt: skip
    return make_response(page)
