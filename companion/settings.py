"""All settings, and the only reader of the environment: COMPANION_<SECTION>__<FIELD>.

A model is named in one of three ways: `pack:NAME` (see `companion models list`), a path, or, where a
backend takes one, a hub id or the name an endpoint knows it by.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from companion.consent.purposes import Purpose


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(_Section):
    """Where the server listens, and what it takes from a client."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    max_frame_bytes: int = Field(1_048_576, ge=4096, description="A larger WebSocket frame closes with 1009.")
    max_image_bytes: int = Field(4_194_304, ge=1024, description="Of one decoded input_image.")
    outbound_events: int = Field(1024, ge=16, description="Events a client may leave unread before it is cut.")
    drain_s: float = Field(10.0, ge=0, description="At SIGTERM: so long replies may still be finished.")
    ping_s: float = Field(20.0, gt=0, description="A socket that answers no ping for as long again is gone.")
    sessions_per_person: int = Field(3, ge=1, description="Open at once; one more ends the oldest.")
    sessions_per_address: int = Field(64, ge=1, description="Open at once from one address; one more is refused.")


class Admission(_Section):
    """When new sessions wait: by measured load. Sessions that are open are never put out."""

    max_sessions: int = Field(1000, ge=1, description="Open at once in this process.")
    max_lag_s: float = Field(0.2, gt=0, description="Event-loop lag (p95 of the last 10 s) above which one waits.")
    max_queue_s: float = Field(3.0, gt=0, description="Wait for recognition (p95 of the last minute) above which too.")
    wait_s: float = Field(20.0, ge=0, description="How long a new session waits, told so, before it is sent away.")
    waiting: int = Field(200, ge=0, description="How many may wait.")


class Resume(_Section):
    """What survives a socket, and a process. Times are seconds."""

    window_s: float = Field(600.0, ge=300.0, description="How long after a drop a session can be resumed.")
    reattach_s: float = Field(20.0, ge=0, description="How long its unfinished utterance is kept in memory.")
    max_events: int = Field(20_000, ge=1000, description="Events kept of one session; older ones go first.")


class Redis(_Section):
    """What replicas tell each other. Without it they still agree, over the database, only later."""

    url: str | None = None


class Auth(_Section):
    """User tokens: JWTs of an issuer's asymmetric keys (`keys`), or HS256 over `secret`.

    Without a secret a random one is kept in the data directory; it signs `companion token` and client secrets.
    """

    secret: SecretStr | None = None
    keys: Path | None = Field(None, description="JWKS file of the issuer's public keys; read again when it changes.")
    issuer: str = "companion"
    audience: str | None = Field(None, description="Required of tokens of `keys`.")
    leeway_s: float = Field(5.0, ge=0)
    token_ttl_s: float = Field(86_400.0, gt=0)
    client_secret_ttl_s: float = Field(600.0, ge=10, le=7200)
    origins: list[str] = Field([], description="Other origins whose pages may connect; a page of ours always may.")


class Database(_Section):
    """SQLAlchemy URL; default: SQLite (WAL) in the data directory."""

    url: str | None = None


class Records(_Section):
    """master_key: 32 bytes, base64url; wraps each person's key. Without one a random key is kept in `data_dir`."""

    master_key: SecretStr | None = None


class Models(_Section):
    """Where model packs are looked for and kept."""

    cache: Path = Path("~/.cache/companion/models")
    directory: Path | None = Field(None, description="The operator's own directory of packs, looked at first.")
    hub: str = Field("https://huggingface.co", description="Base URL of the model hub.")
    offline: bool = False


class Speech(_Section):
    """Speech recognition."""

    backend: str = "funasr"
    model: str = "pack:whisper-base"
    threads: int = Field(1, ge=1)
    timeout_s: float = Field(60.0, gt=0)
    partials_s: float | None = Field(None, ge=0.2, description="How often what is being said is read again; null: not.")


class Emotion(_Section):
    """Speech emotion. `acoustic` needs no model, `off` reads no voice at all."""

    backend: str = Field(
        "acoustic", description="acoustic, off, emotion2vec, sensevoice, transformers or whisper_head."
    )
    model: str | None = Field(None, description="Directory, hub id, or the HEAD.npz of `companion affect train`.")
    encoder: str = Field("pack:whisper-base", description="Whisper of a head, where no recogniser shares its pass.")
    threads: int = Field(1, ge=1)


class Words(_Section):
    """The classifier of words. `own` needs no model; the other fields belong to `transformers`."""

    backend: Literal["own", "transformers"] = "own"
    model: str | None = Field(None, description="pack:NAME or directory: text classification of transformers.")
    temperature: float = Field(1.0, gt=0, description="Divides the logits; above 1 makes a model less sure of itself.")
    names: dict[str, str] = Field({}, description='Labels that mean nothing to us: {"LABEL_0": "happy"}.')
    threads: int = Field(1, ge=1)


class Chat(_Section):
    """The chat model. base_url, api_key, tokenizer, timeout_s, retries: for `openai`; adapter: for `transformers`."""

    backend: str = "llamacpp"
    model: str = "pack:qwen2.5-1.5b"
    base_url: str | None = None
    api_key: SecretStr | None = None
    adapter: Path | None = None
    thinking: Literal["auto", "on", "off"] = Field("auto", description="auto: only where a turn asks for it.")
    tokenizer: Path | None = Field(None, description="tokenizer.json of the model, to count tokens exactly.")
    threads: int = Field(2, ge=1, description="1 where other work wants the cores: two that are fewer stall.")
    context_tokens: int = Field(4096, ge=512)
    prompt_tokens: int = Field(2000, ge=256, description="Tokens of a prompt at most; older talk is summed up.")
    max_tokens: int = Field(160, ge=1)
    temperature: float = Field(0.6, ge=0, le=2)
    timeout_s: float = Field(60.0, gt=0)
    retries: int = Field(2, ge=0)
    vision: bool = Field(False, description="The model takes images: a Qwen-VL behind the `openai` backend.")


class Embeddings(_Section):
    """Sentence embeddings for memory."""

    backend: str = "use"
    model: str = "use-multilingual-v3"
    base_url: str | None = None
    api_key: SecretStr | None = None
    timeout_s: float = Field(30.0, gt=0)


class Memory(_Section):
    """What is remembered, and its index: Chroma in process (`embedded`), or a `chroma run` server."""

    index: Literal["embedded", "server"] = "embedded"
    host: str = "127.0.0.1"
    port: int = 8001
    shards: int = Field(16, ge=1)
    recalls: int = Field(4, ge=0, description="Memories at most in one prompt.")
    mood: Literal["balance", "congruent", "off"] = Field("balance", description="balance: no sadness fed with sadness.")
    extractor: Literal["rules", "model"] = Field("rules", description="model: the chat model reads after the rules.")
    batch_turns: int = Field(6, ge=1, le=8, description="Turns that the model reads at once.")
    batch_idle_s: float = Field(20.0, gt=0, description="Silence after which it reads what there is.")
    timezone: str = Field("Asia/Shanghai", description="What `tomorrow` and `last spring` are counted in.")


class Turn(_Section):
    """Turn taking and the turn's deadlines, seconds."""

    threshold: float = Field(0.5, gt=0, lt=1, description="Speech probability that starts speech.")
    start_s: float = Field(0.1, ge=0)
    silence_s: float = Field(0.5, gt=0)
    max_utterance_s: float = Field(60.0, gt=1)
    speculate_s: float | None = Field(0.2, gt=0, description="Silence after which recognition begins; null: the end.")
    completeness: str | None = Field("pack:smart-turn", description="Model of complete turns; null: the voice alone.")
    affect_deadline_s: float = Field(0.15, ge=0, description="Wait for the voice after the words are known.")
    overlap: bool = Field(True, description="ASR and voice side by side; false only to measure the difference.")


class Persona(_Section):
    """Which persona speaks; its files are in prompts/personas."""

    name: str = "default"


class Safety(_Section):
    """What the protocol does here, and for whom. Times are seconds."""

    region: str = Field("", pattern=r"^([A-Z]{2})?$", description="ISO 3166; whose numbers are given. Empty: unknown.")
    context: Literal["personal", "workplace", "education", "medical"] = "personal"
    counsellors: bool = Field(False, description="Somebody sits at the desk: a counsellor may be offered.")
    unasked_from: int = Field(4, ge=2, le=5, description="Level from which one is asked for at once; 5: never.")
    sla_s: tuple[float, float, float] = Field((60.0, 300.0, 900.0), description="To be claimed, by priority 1, 2, 3.")
    cool_down_s: float = Field(86_400.0, ge=3600, description="Quiet time after which level 3 or 4 falls.")
    notify_url: str | None = Field(None, description="Your gateway, which tells a person's own contact. POST, JSON.")
    notify_key: SecretStr | None = Field(None, description="Signs what it is sent: Companion-Signature.")


class Consent(_Section):
    """What people are asked for, and how long recordings stay. See docs/privacy.md."""

    required: list[Purpose] = Field([], description="Also of chat, voice_analysis and memory: not without a yes.")
    audio_days: float = Field(30.0, gt=0, le=3650, description="That a recording is kept for, where they agreed.")
    unread_days: float = Field(7.0, ge=1, le=365, description="And one that was never understood or answered.")
    sweep_s: float = Field(300.0, gt=0, description="How often what need not be kept is looked for.")
    guardian_below: int = Field(14, ge=0, le=21, description="Years of age below which a guardian agrees.")


class Research(_Section):
    """What researchers may have. See docs/disclosure.md and docs/exports.md."""

    epsilon_per_quarter: float = Field(1.0, gt=0, le=100, description="Privacy budget of all aggregates in a quarter.")
    folder: Path | None = Field(None, description="Exports and their keys; shared by replicas. Default: in data_dir.")
    run: bool = Field(True, description="Approved exports are made in this process too.")
    every_s: float = Field(5.0, gt=0, description="How often it looks for one.")
    sweep_s: float = Field(300.0, gt=0, description="How often expiry, withdrawals and erasures are looked for.")


class Settings(BaseSettings):
    """Everything that an operator may set."""

    model_config = SettingsConfigDict(env_prefix="COMPANION_", env_nested_delimiter="__", extra="forbid", frozen=True)

    data_dir: Path = Path("var")
    server: Server = Server()
    admission: Admission = Admission()
    resume: Resume = Resume()
    redis: Redis = Redis()
    auth: Auth = Auth()
    database: Database = Database()
    records: Records = Records()
    models: Models = Models()
    speech: Speech = Speech()
    emotion: Emotion = Emotion()
    words: Words = Words()
    chat: Chat = Chat()
    embeddings: Embeddings = Embeddings()
    memory: Memory = Memory()
    turn: Turn = Turn()
    persona: Persona = Persona()
    safety: Safety = Safety()
    consent: Consent = Consent()
    research: Research = Research()

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the database."""
        return self.database.url or f"sqlite+aiosqlite:///{self.data_dir / 'companion.db'}"

    @property
    def research_folder(self) -> Path:
        """Where exports are."""
        return self.research.folder or self.data_dir / "research"

    @property
    def model_cache(self) -> Path:
        """Where fetched and converted packs are kept."""
        return self.models.cache.expanduser()
