"""Where emotions may not be read from voices, and that a deployment there does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.engine import Engine
from companion.errors import ConfigurationError
from companion.safety.emotion_law import OFF, check_emotion_inference
from companion.safety.resources import region_of
from companion.settings import Emotion, Safety, Settings

UNION = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"


@pytest.mark.parametrize("region", [*UNION.split(), "IS", "LI", "NO"])
@pytest.mark.parametrize("context", ["workplace", "education"])
def test_no_voice_is_read_at_work_or_in_education_under_the_act(region: str, context: str) -> None:
    with pytest.raises(ConfigurationError, match="COMPANION_EMOTION__BACKEND=off") as refused:
        check_emotion_inference(region, context, "acoustic")
    assert "5(1)(f)" in str(refused.value) and "COMPANION_SAFETY__CONTEXT" in str(refused.value)
    check_emotion_inference(region, context, OFF)


@pytest.mark.parametrize("region", ["CN", "US", "GB", "CH", "HK", ""])
@pytest.mark.parametrize("context", ["personal", "workplace", "education", "medical"])
def test_elsewhere_the_act_forbids_nothing(region: str, context: str) -> None:
    check_emotion_inference(region, context, "acoustic")


@pytest.mark.parametrize("context", ["personal", "medical"])
@pytest.mark.parametrize("region", UNION.split())
def test_of_a_private_talk_and_of_medical_use_it_forbids_nothing(region: str, context: str) -> None:
    check_emotion_inference(region, context, "acoustic")


def test_all_of_the_union_has_numbers_too() -> None:
    assert {region_of(region) for region in UNION.split()} <= {"EU", "IE"}


@pytest.mark.parametrize(("context", "message"), [("workplace", "at work"), ("education", "in education")])
async def test_a_deployment_there_does_not_start_and_loads_nothing(tmp_path: Path, context: str, message: str) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        safety=Safety(region="DE", context=context),  # type: ignore[arg-type]
        emotion=Emotion(backend="acoustic"),
    )
    with pytest.raises(ConfigurationError, match=message):
        async with Engine.open(settings):
            pass
    assert not (tmp_path / "data").exists()
