"""Whether somebody is in danger: a level and kinds for each turn, with reasons that hold none of the words."""

from companion.safety.risk.reader import RiskReader
from companion.safety.risk.types import NO_RISK, SERIOUS, Reason, Risk, RiskKind
from companion.safety.risk.watch import Watch

__all__ = ["NO_RISK", "SERIOUS", "Reason", "Risk", "RiskKind", "RiskReader", "Watch"]
