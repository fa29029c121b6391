"""The contract and its documentation, as the service shows them."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient

from app import contract
from app.main import create_app
from tests.conftest import settings_with


def test_the_contract_is_served(client: TestClient) -> None:
    """Clients can read what they can rely on: the contract itself, not what code looks like."""
    response = client.get("/openapi.json")
    assert response.headers["Content-Type"] == "application/json"
    assert response.content == contract.document()
    assert response.json()["openapi"].startswith("3.")
    assert create_app().openapi() == response.json()


def test_the_page_asks_no_other_host(client: TestClient) -> None:
    """Everything that the page loads comes from the service, and browsers are told so."""
    page = client.get("/docs")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
    assert addresses
    for address in addresses:
        assert address.startswith("/")
        assert client.get(address).status_code == 200


def test_the_documentation_can_be_turned_off() -> None:
    """Where it isn't wanted, there is nothing to find."""
    client = TestClient(create_app(settings_with(docs_enabled=False)))
    for path in ("/docs", "/openapi.json", "/docs/assets/swagger-ui.css"):
        assert client.get(path).status_code == 404
