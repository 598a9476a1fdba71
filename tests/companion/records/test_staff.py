"""Accounts, signing in, and what guessing at them costs; both databases, virtual time."""

import asyncio
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, text

from companion.errors import AuthenticationError, InputError
from companion.records.attempts import MOST_ROWS, TooManyAttempts, delay_s, network
from companion.records.passwords import Passwords
from companion.records.repository import Records
from companion.records.second_factor import matching_step, new_secret
from companion.records.sign_in import ABSOLUTE_S, IDLE_S, PENDING_S
from companion.records.staff import StaffSessionRow
from tests.companion.records.staffing import ELSEWHERE, HOME, NOW, PASSWORD, access, code, hire, signed_in

sqlite_only = pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # nothing in it depends on the database


async def sessions(records: Records) -> int:
    async with records.store.sessions() as session:
        return await session.scalar(select(func.count()).select_from(StaffSessionRow)) or 0


async def test_the_codes_are_those_of_rfc_6238() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # appendix B: "12345678901234567890"; the last six of its eight digits
    for at, expected in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        assert matching_step(secret, expected, at) == at // 30
        assert matching_step(secret, expected, at + 30) == at // 30 and matching_step(secret, expected, at + 90) is None
    assert matching_step(new_secret(), "一二三四五六", NOW) is None


async def test_nothing_that_opens_an_account_is_on_record(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    enrolment = await hire(desk)
    token = await signed_in(desk, enrolment)
    kept = ""
    async with records.store.sessions() as session:
        for table in ("staff", "staff_session", "staff_attempt", "audit"):
            kept += str((await session.execute(text(f"select * from {table}"))).all())
    secret = enrolment.uri.split("secret=")[1].split("&")[0]
    for hidden in (PASSWORD, secret, token, *enrolment.recovery_codes, HOME):
        assert hidden not in kept and hidden not in repr(enrolment)
    assert "$argon2id$" in kept and Passwords()._hasher.memory_cost == 65_536


@sqlite_only
@pytest.mark.parametrize("roles", [(), ("user",), ("admin", "counsellor"), ("researcher", "supervisor")])
async def test_roles_that_must_stand_apart_do(records: Records, tmp_path: Path, roles: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as error:
        await access(records, tmp_path).accounts.add("ann", roles, NOW, by="operator")
    assert error.value.code == "invalid_role"


@sqlite_only
async def test_names_and_passwords_that_cannot_be(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    for password in ("short", "aaaaaaaaaaaaaaaa", "this is ann's own", "x" * 257):
        with pytest.raises(InputError) as error:
            await desk.accounts.add("ann", ["admin"], NOW, by="operator", password=password)
        assert error.value.code == "weak_password" and password not in str(error.value)
    with pytest.raises(InputError, match="letters"):
        await desk.accounts.add("a b", ["admin"], NOW, by="operator")
    await hire(desk, "Ａnn", "admin")  # a full-width A
    with pytest.raises(InputError) as error:
        await hire(desk, "ANN", "admin")
    assert error.value.code == "exists" and [a.name for a in await desk.accounts.accounts()] == ["ann"]


async def test_each_step_gives_another_token_and_ends_the_one_before(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    enrolment = await hire(desk)
    planted = await desk.sign_in.password("ann", PASSWORD, HOME, NOW)
    pending = await desk.sign_in.password("ann", PASSWORD, HOME, NOW, replacing=planted)
    for early in (planted, pending):
        with pytest.raises(AuthenticationError):
            await desk.sign_in.session(early, NOW)
    with pytest.raises(AuthenticationError):
        await desk.sign_in.second(planted, code(enrolment, NOW), HOME, NOW)
    token, staff = await desk.sign_in.second(pending, code(enrolment, NOW), HOME, NOW)
    assert len({planted, pending, token}) == 3 and staff.roles == {"counsellor"}
    assert await desk.sign_in.session(token, NOW) == staff
    with pytest.raises(AuthenticationError):
        await desk.sign_in.second(pending, code(enrolment, NOW), HOME, NOW)
    await desk.sign_in.leave(token, staff, NOW)
    with pytest.raises(AuthenticationError):
        await desk.sign_in.session(token, NOW)
    assert await sessions(records) == 0


async def test_a_code_is_good_once_and_so_is_a_recovery_code(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    enrolment = await hire(desk)
    used = code(enrolment, NOW)
    await signed_in(desk, enrolment)
    pending = await desk.sign_in.password("ann", PASSWORD, HOME, NOW + 20)
    with pytest.raises(AuthenticationError, match="used before"):
        await desk.sign_in.second(pending, used, HOME, NOW + 20)
    spare = enrolment.recovery_codes[3].lower()
    await desk.sign_in.second(pending, spare, HOME, NOW + 20)
    assert (await desk.accounts.find("ann")).recovery_codes == 9
    pending = await desk.sign_in.password("ann", PASSWORD, HOME, NOW + 21)
    with pytest.raises(AuthenticationError):
        await desk.sign_in.second(pending, spare, HOME, NOW + 21)
    assert [e.detail["factor"] for e in await desk.audit.entries(action="staff.login")] == ["totp", "recovery"]


async def test_of_two_that_bring_one_code_at_once_one_is_let_in(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    enrolment = await hire(desk)
    for given in (code(enrolment, NOW + 90), enrolment.recovery_codes[0]):
        pending = [await desk.sign_in.password("ann", PASSWORD, HOME, NOW + 90) for _ in range(3)]
        done = await asyncio.gather(
            *(desk.sign_in.second(token, given, HOME, NOW + 90) for token in pending), return_exceptions=True
        )
        assert [isinstance(one, tuple) for one in done].count(True) == 1, done


@sqlite_only
async def test_a_session_ends_after_half_an_hour_of_rest_and_twelve_hours_of_work(
    records: Records, tmp_path: Path
) -> None:
    desk = access(records, tmp_path)
    token = await signed_in(desk, await hire(desk))
    at = NOW
    while at + 1700 < NOW + ABSOLUTE_S:
        at += 1700
        await desk.sign_in.session(token, at)
    with pytest.raises(AuthenticationError, match="over"):
        await desk.sign_in.session(token, NOW + ABSOLUTE_S)
    with pytest.raises(AuthenticationError, match="over"):
        await desk.sign_in.session(token, at + IDLE_S)
    late = await desk.sign_in.password("ann", PASSWORD, HOME, NOW + 2 * ABSOLUTE_S)
    assert await sessions(records) == 1  # what was over is taken out
    with pytest.raises(AuthenticationError, match="over"):
        await desk.sign_in.second(late, "000000", HOME, NOW + 2 * ABSOLUTE_S + PENDING_S)


async def test_a_new_password_ends_the_other_sessions(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    enrolment = await hire(desk)
    here = await signed_in(desk, enrolment)
    there = await signed_in(desk, enrolment, now=NOW + 30)
    with pytest.raises(AuthenticationError, match="old password"):
        await desk.sign_in.change_password(here, "wrong one, surely", "another long secret", HOME, NOW + 60)
    with pytest.raises(InputError):
        await desk.sign_in.change_password(here, PASSWORD, "short", HOME, NOW + 60)
    fresh = await desk.sign_in.change_password(here, PASSWORD, "another long secret", HOME, NOW + 60)
    for gone in (here, there):
        with pytest.raises(AuthenticationError):
            await desk.sign_in.session(gone, NOW + 61)
    assert (await desk.sign_in.session(fresh, NOW + 61)).name == "ann"
    with pytest.raises(AuthenticationError, match="over"):
        await desk.sign_in.session(fresh, NOW + ABSOLUTE_S)  # the twelve hours go on
    with pytest.raises(AuthenticationError):
        await desk.sign_in.password("ann", PASSWORD, HOME, NOW + 62)
    assert await desk.sign_in.password("ann", "another long secret", HOME, NOW + 63)


@sqlite_only
async def test_disabling_and_resetting_end_what_is_open(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    enrolment = await hire(desk)
    token = await signed_in(desk, enrolment)
    pending = await desk.sign_in.password("ann", PASSWORD, HOME, NOW)
    await desk.accounts.disable("Ann", NOW, by="operator")
    with pytest.raises(AuthenticationError):
        await desk.sign_in.session(token, NOW)
    with pytest.raises(AuthenticationError):
        await desk.sign_in.second(pending, code(enrolment, NOW + 30), HOME, NOW + 30)
    with pytest.raises(AuthenticationError, match="name or the password is wrong"):
        await desk.sign_in.password("ann", PASSWORD, HOME, NOW)
    await desk.accounts.enable("ann", NOW, by="operator")
    again = await desk.accounts.reset("ann", NOW, by="operator")
    assert again.password and again.uri != enrolment.uri
    with pytest.raises(AuthenticationError):
        await desk.sign_in.password("ann", PASSWORD, HOME, NOW)
    pending = await desk.sign_in.password("ann", again.password, HOME, NOW)
    with pytest.raises(AuthenticationError):
        await desk.sign_in.second(pending, code(enrolment, NOW), HOME, NOW)
    assert [e.action for e in await desk.audit.entries(staff_id="operator")] == [
        "staff.add",
        "staff.disable",
        "staff.enable",
        "staff.reset",
    ]


class Watched(PasswordHasher):
    """Notes down which hashes were gone through."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.seen: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.seen.append(str(hash))
        return super().verify(hash, password)


@sqlite_only
async def test_an_unknown_name_is_answered_as_a_wrong_password_is(records: Records, tmp_path: Path) -> None:
    watched = Watched()
    desk = access(records, tmp_path, hasher=watched)
    await hire(desk)
    told = {}
    for name, address in (("ann", HOME), ("nobody", ELSEWHERE), ("not a name!", "192.0.2.1")):
        answers = []
        for n in range(8):
            try:
                await desk.sign_in.password(name, "wrong password", address, NOW + n)
            except AuthenticationError as error:
                answers.append((type(error), str(error)))
        told[name] = answers
    assert told["ann"] == told["nobody"] == told["not a name!"] and len(set(told["ann"])) > 1
    assert len(watched.seen) == 3 * 5  # one argon2 for each attempt that was looked at, whoever's
    assert len({kept.rsplit("$", 2)[0] for kept in watched.seen}) == 1  # of the same cost
    assert [e.detail["failures"] for e in await desk.audit.entries(action="staff.refused")] == [5, 5, 5]


def test_each_failure_after_the_fourth_waits_longer_up_to_a_quarter_of_an_hour() -> None:
    assert [delay_s(n) for n in range(0, 12)] == [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]
    assert delay_s(10**6) == 900
    assert network("::ffff:203.0.113.7") == "203.0.113.7" and network("unix") == "unix"
    assert network("2001:db8:1:2:3::4") == network("2001:db8:1:2::9") != network("2001:db8:1:3::9")


async def guess(desk: object, name: str, address: str, now: float) -> bool:
    """Whether a wrong password was looked at."""
    try:
        await desk.sign_in.password(name, "wrong password", address, now)  # type: ignore[attr-defined]
    except TooManyAttempts:
        return False
    except AuthenticationError:
        return True
    raise AssertionError("let in")


async def test_a_thousand_guesses_at_once_are_five(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    await hire(desk)
    done = await asyncio.gather(*(guess(desk, "ann", HOME, NOW) for _ in range(60)))
    assert 1 <= sum(done) <= 5


@sqlite_only
async def test_ten_thousand_failures_shut_nobody_out_for_ever(records: Records, tmp_path: Path) -> None:
    """One guess in ten seconds, for more than a day, from one address after another."""
    desk = access(records, tmp_path)
    enrolment = await hire(desk)
    await signed_in(desk, enrolment, HOME)
    rounds = 10_000
    looked_at = 0
    for n in range(rounds):
        looked_at += await guess(desk, "ann", f"10.0.{n // 250}.{n % 250}", NOW + 100 + 10 * n)
    at = NOW + 100 + 10 * rounds
    assert looked_at <= 10 + 10 * rounds / 900 + 1
    assert await desk.sign_in.session(await signed_in(desk, enrolment, HOME, at), at)  # who comes from home is let in
    assert await guess(desk, "ann", ELSEWHERE, at + 1)  # they are in: the account's failures are over
    for n in range(8):
        await guess(desk, "ann", ELSEWHERE, at + 2 + n)
    elsewhere = at + 1000  # from anywhere else a quarter of an hour after the last guess
    assert await signed_in(desk, enrolment, "192.0.2.77", elsewhere)
    assert await desk.sign_in.attempts.rows() <= looked_at + 20
    audited = await desk.audit.entries(action="staff.refused", latest=10_000)
    assert len(audited) <= looked_at + 10 and (await desk.audit.verify()).rows < looked_at + 20


@sqlite_only
async def test_guesses_from_home_wait_too_and_do_not_hurt_who_is_elsewhere(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    enrolment = await hire(desk)
    await signed_in(desk, enrolment, HOME)
    assert sum([await guess(desk, "ann", HOME, NOW + n) for n in range(20)]) == 5
    with pytest.raises(TooManyAttempts) as error:
        await desk.sign_in.password("ann", PASSWORD, HOME, NOW + 20)
    assert 10 < error.value.retry_after_s <= 30
    assert await signed_in(desk, enrolment, ELSEWHERE, NOW + 60)
    assert await signed_in(desk, enrolment, HOME, NOW + 90)


@sqlite_only
async def test_one_address_that_tries_every_name_waits(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    assert sum([await guess(desk, f"name{n}", ELSEWHERE, NOW + n) for n in range(25)]) == 5
    assert await guess(desk, "name30", HOME, NOW + 30)


@sqlite_only
async def test_wrong_codes_wait_as_wrong_passwords_do(records: Records, tmp_path: Path) -> None:
    desk = access(records, tmp_path)
    enrolment = await hire(desk)
    tried = 0
    for n in range(200):  # somebody has the password, and asks again and again
        at = NOW + n
        try:
            pending = await desk.sign_in.password("ann", PASSWORD, ELSEWHERE, at)
            await desk.sign_in.second(pending, "123456" if code(enrolment, at) != "123456" else "654321", ELSEWHERE, at)
        except TooManyAttempts:
            continue
        except AuthenticationError:
            tried += 1
    assert 5 <= tried <= 8
    assert await sessions(records) <= 5


async def test_what_is_counted_stays_bounded(records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_ROWS == 10_000
    monkeypatch.setattr("companion.records.attempts.MOST_ROWS", 40)
    desk = access(records, tmp_path)
    enrolment = await hire(desk)
    await signed_in(desk, enrolment, HOME)
    attempts = desk.sign_in.attempts
    for n in range(90):  # many addresses, each with a name of its own
        await attempts.begin(f"name{n}", f"2001:db8:0:{n:x}::1", NOW + n)
    assert await attempts.rows() <= 41
    assert sum([await guess(desk, "ann", HOME, NOW + 90) for _ in range(6)]) == 5  # home is still known as home
    await attempts.begin("later", ELSEWHERE, NOW + 31 * 86_400)
    assert await attempts.rows() == 2  # after a day without one, and a month without the other, they are forgotten
