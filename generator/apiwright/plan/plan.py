"""The stage `plan`: which files a service is made of, and what their templates see."""

from __future__ import annotations

from collections.abc import Mapping

from apiwright.ir.service import Service
from apiwright.ir.versions import Version
from apiwright.plan.files import Plan
from apiwright.plan.storage.revisions import History
from apiwright.plan.storage.storage_plan import StoragePlan, storage_plan


def plan(
    service: Service,
    history: History,
    bound: Mapping[str, str],
    storage: StoragePlan | None = None,
    *,
    versions: tuple[Version, ...] = (),
    handled: bool = False,
) -> Plan:
    """Every file of the service.

    `history` are the revisions that exist, `storage` what becomes of the database if that is known
    already; `bound` maps the modules of resources to those of the overrides that take their place,
    such as `items` to `overrides.items`. `versions` are the older ones of the API that live beside
    it; `handled` tells whether there are handlers of events in `overrides/events.py`.
    """
    # What templates see takes longer to import than a contract to be understood: whoever renders
    # nothing does without.
    from apiwright.plan.planner import Planner  # noqa: PLC0415

    storage = storage or storage_plan(history, service)
    return Planner(service, history, bound, storage, versions, handled=handled).plan()
