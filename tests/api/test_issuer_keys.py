"""Tokens of an issuer: its public keys in a file, their rotation, and what an attacker may try with them."""

from __future__ import annotations

import base64
import hmac
import json
import os
import stat
from pathlib import Path
from typing import Any

import jwt
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.utils import der_to_raw_signature, raw_to_der_signature
from pydantic import SecretStr

from api.auth import Authenticator
from api.auth.keys import read_keys
from api.cli import companion
from companion.errors import AuthenticationError, ConfigurationError
from companion.records.database import Store
from companion.records.revocations import Revocations
from companion.settings import Auth, Settings

SECRET = "s" * 32
NOW = 1_800_000_000.0
ISSUER, AUDIENCE = "https://login.example", "companion"
KEYS: dict[str, Any] = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "ec": ec.generate_private_key(ec.SECP256R1()),
    "ed": ed25519.Ed25519PrivateKey.generate(),
    "stranger": ed25519.Ed25519PrivateKey.generate(),
}
ALGORITHM = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA", "stranger": "EdDSA"}
TO_JWK = {"rsa": RSAAlgorithm, "ec": ECAlgorithm, "ed": OKPAlgorithm, "stranger": OKPAlgorithm}


def public(name: str, **more: Any) -> dict[str, Any]:
    jwk = dict(TO_JWK[name].to_jwk(KEYS[name].public_key(), as_dict=True))
    jwk.pop("key_ops", None)
    return {**jwk, "kid": name, **more}


def write(path: Path, *entries: dict[str, Any]) -> None:
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps({"keys": entries}))
    draft.replace(path)


def token(name: str = "ed", kid: str | None = None, **claims: Any) -> str:
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "auth0|5f7c", "iat": NOW, "exp": NOW + 600, **claims}
    said = {claim: value for claim, value in said.items() if value is not None}
    return jwt.encode(said, KEYS[name], algorithm=ALGORITHM[name], headers={"kid": kid or name})


def authenticator(folder: Path, **auth: Any) -> Authenticator:
    if not (folder / "jwks.json").exists():
        write(folder / "jwks.json", public("rsa"), public("ec"), public("ed"))
    fields = {"secret": SecretStr(SECRET), "keys": folder / "jwks.json", "issuer": ISSUER, "audience": AUDIENCE} | auth
    settings = Settings(data_dir=folder, auth=Auth(**fields))
    return Authenticator(settings, Revocations(Store(None), b"k"))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["rsa", "ec", "ed"])
def test_each_kind_of_key_is_honoured(tmp_path: Path, name: str) -> None:
    who = authenticator(tmp_path).verify(token(name, aud=["other", AUDIENCE], jti="j1", role="counsellor"), NOW)
    assert (who.user_id, who.role, who.key_id, who.token_id) == ("auth0|5f7c", "counsellor", name, "j1")
    assert who.expires_at == NOW + 600 + 5  # leeway


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "elsewhere"},
        {"aud": None},
        {"aud": []},
        {"iss": "companion"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"exp": NOW - 6},
        {"nbf": NOW + 6},
        {"iat": NOW + 6},
        {"iat": None},
        {"sub": "a b"},
        {"sub": "x" * 200},
        {"role": "admin"},
        {"kind": "client_secret", "sub": "a\nb"},
    ],
)
def test_claims_that_do_not_fit(tmp_path: Path, claims: dict[str, Any]) -> None:
    with pytest.raises(AuthenticationError) as caught:
        authenticator(tmp_path).verify(token(**claims), NOW)
    assert "auth0" not in str(caught.value) and "elsewhere" not in str(caught.value)


def test_a_token_for_somebody_else_is_refused_where_no_audience_is_set(tmp_path: Path) -> None:
    auth = authenticator(tmp_path, audience=None)
    assert auth.verify(token(aud=None), NOW).user_id == "auth0|5f7c"
    with pytest.raises(AuthenticationError, match="another server"):
        auth.verify(token(), NOW)


def test_a_client_secret_cannot_be_had_from_the_issuers_key(tmp_path: Path) -> None:
    forged = "ek_" + token(kind="client_secret", until=NOW + 600, by=["ann", "t"])
    with pytest.raises(AuthenticationError):
        authenticator(tmp_path).verify(forged, NOW)


def test_the_public_key_is_no_hmac_secret(tmp_path: Path) -> None:
    auth = authenticator(tmp_path)
    encoding, formats = serialization.Encoding, serialization.PublicFormat
    for name in ("rsa", "ec", "ed"):
        key = KEYS[name].public_key()
        pem = key.public_bytes(encoding.PEM, formats.SubjectPublicKeyInfo)
        der = key.public_bytes(encoding.DER, formats.SubjectPublicKeyInfo)
        jwk = json.dumps(public(name)).encode()
        for secret in (pem, pem.strip(), der, jwk, (tmp_path / "jwks.json").read_bytes(), b""):
            for alg in ("HS256", "HS384", "HS512"):
                _, body, _ = token(name).split(".")
                head = base64.urlsafe_b64encode(json.dumps({"alg": alg, "kid": name}).encode()).rstrip(b"=").decode()
                mac = hmac.new(secret, f"{head}.{body}".encode(), f"sha{alg[2:]}").digest()
                with pytest.raises(AuthenticationError):
                    auth.verify(f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}", NOW)


def test_a_key_signs_with_its_own_algorithm_and_under_its_own_name(tmp_path: Path) -> None:
    auth = authenticator(tmp_path)
    claims = jwt.decode(token("rsa"), options={"verify_signature": False})
    others = [
        jwt.encode(claims, KEYS["rsa"], algorithm="PS256", headers={"kid": "rsa"}),
        jwt.encode(claims, KEYS["rsa"], algorithm="RS512", headers={"kid": "rsa"}),
        jwt.encode(claims, KEYS["rsa"], algorithm="RS256"),
        token("rsa", kid="ed"),
        token("stranger"),
        token("stranger", kid="ed"),
        token("ed", kid="../../etc/passwd"),
        token("ed", kid="ed' OR 1=1"),
    ]
    for each in others:
        with pytest.raises(AuthenticationError, match=r"not signed|key that it knows"):
            auth.verify(each, NOW)
    # A key that travels with the token is never used.
    jwk = public("stranger")
    for header in ({"jwk": jwk}, {"jku": "https://evil.example/jwks"}, {"x5u": "https://evil.example"}):
        with pytest.raises(AuthenticationError):
            auth.verify(jwt.encode(claims, KEYS["stranger"], algorithm="EdDSA", headers={"kid": "ed", **header}), NOW)


def test_a_second_spelling_of_a_signature_is_the_same_token_to_a_revocation(tmp_path: Path) -> None:
    auth, first = authenticator(tmp_path), token("ec")
    head, body, mac = first.split(".")
    curve = ec.SECP256R1()
    der = raw_to_der_signature(base64.urlsafe_b64decode(mac + "=="), curve)
    r, s = decode_dss_signature(der)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    raw = der_to_raw_signature(encode_dss_signature(r, order - s), curve)
    second = f"{head}.{body}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"
    assert second != first and auth.verify(second, NOW).token_id == auth.verify(first, NOW).token_id


def test_keys_rotate_while_the_server_runs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "jwks.json"
    write(file, public("ed"))
    auth = authenticator(tmp_path)
    session = auth.verify(token("ed"), NOW)
    with pytest.raises(AuthenticationError):
        auth.verify(token("rsa"), NOW)
    write(file, public("ed"), public("rsa"))  # the new key beside the old one
    with pytest.raises(AuthenticationError):
        auth.verify(token("rsa"), NOW + 0.5)  # looked at once a second
    assert auth.verify(token("rsa"), NOW + 1.5).key_id == "rsa" and auth.verify(token("ed"), NOW + 1.5)
    for broken in ("{", "[]", '{"keys": []}', json.dumps({"keys": [public("ed"), public("ed")]}), "x" * 300_000):
        file.write_text(broken)
        os.utime(file, ns=(len(broken), len(broken)))
        caplog.clear()
        later = NOW + 10 + len(broken)
        assert auth._keys is not None and auth._keys.find("rsa", later) is not None
        assert "the old keys stay in force" in caplog.text
        caplog.clear()
        assert auth._keys.find("ed", later + 5) is not None and not caplog.text  # told once
    file.unlink()
    assert auth._keys is not None and auth._keys.find("rsa", NOW + 500_000) is not None
    write(file, public("rsa"))  # and the old one goes: so do its tokens and what they opened
    assert auth.revoked(session, NOW + 600_000)
    with pytest.raises(AuthenticationError, match="key that it knows"):
        auth.verify(token("ed", iat=NOW + 600_000, exp=NOW + 600_600), NOW + 600_001)


def test_key_files_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    weak = dict(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key(), as_dict=True))
    private = dict(OKPAlgorithm.to_jwk(KEYS["ed"], as_dict=True))
    nameless = {name: value for name, value in public("ed").items() if name != "kid"}
    for entries, why in (
        ([{**weak, "kid": "w"}], "1024 bits"),
        ([{**private, "kid": "p"}], "only public keys"),
        ([{"kty": "oct", "k": "c2VjcmV0", "kid": "o"}], "only public keys"),
        ([public("ed"), public("rsa", kid="ed")], "kid of another"),
        ([nameless], "no kid"),
        ([public("ed", x="AA")], "not a OKP key"),
        ([public("rsa", use="enc")], "no key for"),
        ([public("rsa", alg="PS256")], "no key for"),
    ):
        write(file, *entries)
        with pytest.raises(ConfigurationError, match=why) as caught:
            read_keys(file)
        assert "c2VjcmV0" not in str(caught.value) and private["d"] not in str(caught.value)
    write(file, public("rsa", use="enc", kid="e"), {"kty": "EC", "crv": "P-521"}, public("ed"))
    assert list(read_keys(file)) == ["ed"]
    with pytest.raises(ConfigurationError, match="cannot be read"):
        authenticator(tmp_path, keys=tmp_path / "none.json")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(companion, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_the_rotation_recipe_as_an_operator_types_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    import time

    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("COMPANION_AUTH__ISSUER", ISSUER)
    monkeypatch.setenv("COMPANION_AUTH__AUDIENCE", AUDIENCE)
    out, file = tmp_path / "keys", tmp_path / "keys" / "jwks.json"
    first = run("keys", "new", "--out", str(out), "--kind", kind).split()[-1]
    assert stat.S_IMODE((out / f"{first}.pem").stat().st_mode) == 0o600
    assert "PRIVATE" not in file.read_text() and '"d"' not in file.read_text()
    old = run("token", "--user", "ann", "--key", str(out / f"{first}.pem")).strip()
    auth = authenticator(out)
    assert auth.verify(old, time.time()).key_id == first
    second = run("keys", "new", "--out", str(out)).split()[-1]
    assert run("keys", "list", str(file)).split()[::2] == [first, second]
    new = run("token", "--user", "ann", "--role", "operator", "--key", str(out / f"{second}.pem")).strip()
    later = time.time() + 2
    assert auth.verify(old, later).key_id == first and auth.verify(new, later).role == "operator"
    run("keys", "remove", str(file), first)
    with pytest.raises(AuthenticationError):
        auth.verify(old, later + 2)
    assert auth.verify(new, later + 2).key_id == second
    last = CliRunner().invoke(companion, ["keys", "remove", str(file), second])
    assert isinstance(last.exception, ConfigurationError) and "only key" in str(last.exception)
    assert list(read_keys(file)) == [second]
