"""The secret of this installation."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from companion.errors import ConfigurationError
from companion.settings import Settings

_SECRET_BYTES = 32  # as many as HS256's hash: RFC 7518 section 3.2


def signing_secret(settings: Settings) -> str:
    """The secret of the settings, or that of `data_dir/auth.secret`, made once with 32 random bytes, mode 0600.

    Raises ConfigurationError for one shorter than 32 bytes, or where the file can be neither read nor made.
    """
    if settings.auth.secret is not None:
        secret, source = settings.auth.secret.get_secret_value(), "COMPANION_AUTH__SECRET"
    else:
        path = settings.data_dir / "auth.secret"
        try:
            secret, source = _kept(path), str(path)
        except OSError as error:
            raise ConfigurationError(
                f"the token secret {path} cannot be read or made ({error.strerror}): mend its rights, "
                "or set COMPANION_AUTH__SECRET"
            ) from error
    if len(secret.encode()) < _SECRET_BYTES:
        raise ConfigurationError(f"{source} is shorter than {_SECRET_BYTES} bytes: make a new one")
    return secret


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole under another name and then linked: a second process sees either nothing or a complete secret.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_SECRET_BYTES))
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first; its secret holds
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
