"""Values of de-identification. Offsets are code points, half-open."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Entity(StrEnum):
    """What a span says of somebody."""

    PERSON = "PERSON"
    ADDRESS = "ADDRESS"  # a place below a province or state: a city, a sight, a road, a house, a room
    LOCATION = "LOCATION"  # a country, a province, a state, a region
    ORGANIZATION = "ORGANIZATION"  # a school, firm, hospital, office
    PHONE = "PHONE"
    CN_ID = "CN_ID"  # resident identity number, 18 or 15 places
    BANK_CARD = "BANK_CARD"
    PLATE = "PLATE"
    USCC = "USCC"  # unified social credit code of an organisation
    PASSPORT = "PASSPORT"
    TRAVEL_PERMIT = "TRAVEL_PERMIT"  # between the mainland and Hong Kong, Macau, Taiwan
    HK_ID = "HK_ID"
    MACAU_ID = "MACAU_ID"
    TW_ID = "TW_ID"
    US_SSN = "US_SSN"
    WECHAT = "WECHAT"
    QQ = "QQ"
    DOUYIN = "DOUYIN"
    ACCOUNT = "ACCOUNT"  # a name on any other platform
    EMAIL = "EMAIL"
    URL = "URL"
    IP = "IP"
    DATE = "DATE"
    AGE = "AGE"
    NUMBER = "NUMBER"  # long, and nothing tells of what: masked in doubt


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """text[start:end] is of this type. score: 0..1. rule: what found it."""

    start: int
    end: int
    type: Entity
    score: float
    rule: str = ""
