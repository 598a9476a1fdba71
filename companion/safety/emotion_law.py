"""Where emotions may not be read from a voice: EU AI Act, article 5(1)(f), at work and in education.

The Act excepts medical and safety reasons: a deployment of that kind has the context "medical". Words alone are no
biometric data, so that reading them stays allowed.
"""

from __future__ import annotations

from companion.errors import ConfigurationError

OFF = "off"  # the emotion backend that reads no voice
# The 27 of the European Union, and Iceland, Liechtenstein and Norway, where the Act is to apply by the EEA Agreement.
_UNDER_THE_ACT = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
        "IS",
        "LI",
        "NO",
    ]
)
_FORBIDDEN = ("workplace", "education")


def check_emotion_inference(region: str, context: str, backend: str) -> None:
    """Raises ConfigurationError where a voice would be read for emotions against the law.

    region: ISO 3166, "" unknown; context: of Safety settings; backend: of the Emotion settings.
    """
    if region in _UNDER_THE_ACT and context in _FORBIDDEN and backend != OFF:
        where = "at work" if context == "workplace" else "in education"
        raise ConfigurationError(
            f"the EU AI Act (article 5(1)(f)) forbids reading emotions from voices {where}: set "
            "COMPANION_EMOTION__BACKEND=off, or COMPANION_SAFETY__CONTEXT to what this deployment is"
        )
