import pytest

from companion.research.deidentify import Deidentifier


@pytest.fixture(scope="session")
def finder() -> Deidentifier:
    return Deidentifier.shipped()
