"""Staff: who they are, what they may, and what is written down of it. See docs/staff.md."""

from api.staff.access import Access
from api.staff.guards import SignedIn, access_of, requires, staff_of
from api.staff.routes import staff, staff_router

__all__ = ["Access", "SignedIn", "access_of", "requires", "staff", "staff_of", "staff_router"]
