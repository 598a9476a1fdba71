"""Telling a person's own contact that they may need somebody: through a gateway of the operator, who sends the message.

The request holds the contact and the language; nothing of what was said, no level, no reason.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from dataclasses import asdict

import httpx

from companion.errors import StorageError
from companion.records.contacts import Contacts
from companion.records.crypto import KeyRing
from companion.settings import Safety

_log = logging.getLogger(__name__)
_AGAIN_S = (1.0, 5.0, 30.0)
_TIMEOUT_S = 10.0
SIGNATURE = "Companion-Signature"  # "sha256=" and the HMAC-SHA256 of the body under safety.notify_key, hex


class Notifier:
    """there: whether a gateway is set (COMPANION_SAFETY__NOTIFY_URL). again_s: pauses between tries."""

    def __init__(
        self, settings: Safety, contacts: Contacts, ring: KeyRing, *, again_s: tuple[float, ...] = _AGAIN_S
    ) -> None:
        self._url, self._key = settings.notify_url, settings.notify_key
        self._contacts, self._ring, self._again_s = contacts, ring, again_s
        self.there = self._url is not None

    async def contact(self, user_id: str, language: str) -> bool:
        """Have the contact told; whether the gateway took it. What fails is logged, without names."""
        if self._url is None:
            return False
        try:
            await self._ring.load(user_id)
            contact = await self._contacts.of(user_id)
        except StorageError as error:
            _log.error("a contact could not be looked up: %s", error)
            return False
        if contact is None:
            _log.error("a contact was to be told, and none is on file any more")
            return False
        body = json.dumps({"contact": asdict(contact), "language": language}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        if self._key is not None:
            digest = hmac.new(self._key.get_secret_value().encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={digest}"
        async with httpx.AsyncClient(timeout=_TIMEOUT_S) as client:
            for wait_s in (*self._again_s, None):
                try:
                    answer = await client.post(self._url, content=body, headers=headers)
                    if answer.is_success:
                        return True
                    failed = f"status {answer.status_code}"
                except httpx.HTTPError as error:
                    failed = type(error).__name__
                if wait_s is None:
                    break
                await asyncio.sleep(wait_s)
        _log.error("the gateway for contacts did not take a message: %s; check COMPANION_SAFETY__NOTIFY_URL", failed)
        return False
