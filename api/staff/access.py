"""Access: everything that a route of staff needs, in one place, for one process."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from companion.errors import StorageError
from companion.records.audit import Audit, derived_key
from companion.records.audit_head import HEAD_FILE
from companion.records.caseload import Caseload
from companion.records.deletions import Deletions
from companion.records.passwords import Passwords
from companion.records.repository import Records
from companion.records.second_factor import SecondFactor
from companion.records.sign_in import SignIn
from companion.records.staff import StaffAccounts
from companion.settings import Settings

_log = logging.getLogger(__name__)
_HEAD_EVERY_S = 60.0


class Access:
    """Accounts, sign-in, caseload, deletions and audit over the records. now: the clock, unix s."""

    def __init__(
        self, records: Records, head: Path, now: Callable[[], float] = time.time, passwords: Passwords | None = None
    ) -> None:
        store, master, passwords = records.store, records.ring.receipt_key, passwords or Passwords()
        factor = SecondFactor(derived_key(master, "second factor"))
        self.now = now
        self.audit = Audit(store, master, head)
        self.accounts = StaffAccounts(store, self.audit, passwords, factor)
        self.sign_in = SignIn(store, master, self.audit, passwords, factor)
        self.caseload = Caseload(store, records.ring, self.audit)
        self.deletions = Deletions(store, self.audit, self.caseload)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, records: Records, now: Callable[[], float] = time.time
    ) -> AsyncIterator[Access]:
        """One that signs the audit's head every minute, and when it closes."""
        access = cls(records, settings.data_dir / HEAD_FILE, now)
        await access.sign_head()
        signing = asyncio.create_task(access._keep_signing())
        try:
            yield access
        finally:
            signing.cancel()
            await asyncio.gather(signing, return_exceptions=True)
            await access.sign_head()

    async def sign_head(self) -> None:
        """Sign the head; where that cannot be, the log says why and the server goes on."""
        try:
            fault = await self.audit.sign_head(self.now())
        except (StorageError, OSError) as error:
            _log.error("the head of the audit could not be signed: %s", error)
        else:
            if fault is not None:
                _log.critical(
                    "THE AUDIT WAS TAMPERED WITH: %s at row %d; companion audit verify", fault.kind, fault.seq
                )

    async def _keep_signing(self) -> None:
        while True:
            await asyncio.sleep(_HEAD_EVERY_S)
            await self.sign_head()
