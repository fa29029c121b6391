"""apiwright: a complete FastAPI service out of its OpenAPI contract."""

__version__ = "0.1.0"
