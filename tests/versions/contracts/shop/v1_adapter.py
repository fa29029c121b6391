"""Version 1 of the shop: prices were texts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from typing_extensions import override

from app.versions import v1


class Adapter(v1.Adapter):
    """The derived adapter, and prices."""

    @override
    def downgrade_order(self, value: Any) -> Any:
        """Cents become a price."""
        order = super().downgrade_order(value)
        return {**order, "price": f"{Decimal(order['price']) / 100:.2f}"}

    @override
    def upgrade_order_input(self, value: Any) -> Any:
        """A price becomes cents."""
        order = super().upgrade_order_input(value)
        return {**order, "cents": int(Decimal(order["cents"]) * 100)}
