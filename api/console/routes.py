"""The pages of the console: /talk, where a person speaks with the companion; /desk, where counsellors work;
/research, where researchers ask for exports."""

from __future__ import annotations

from pathlib import Path

from api.console.pages import pages

talk = pages("/talk", Path(__file__).parent / "talk")
desk = pages("/desk", Path(__file__).parent / "desk")
research = pages("/research", Path(__file__).parent / "research")
