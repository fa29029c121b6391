"""The stage `check`: every rule, one after the other."""

from __future__ import annotations

from apiwright.check import (
    accounts,
    actions,
    alternatives,
    api_keys,
    bulk,
    caches,
    components,
    events,
    evolution,
    extensions,
    idempotency,
    lifecycle,
    limits,
    lists,
    media,
    operations,
    parameters,
    paths,
    patterns,
    recursion,
    references,
    required,
    roles,
    schemas,
    security,
    specification,
    tables,
    tags,
    tenancy,
    values,
    versions,
)
from apiwright.check.contract import read_contract
from apiwright.check.findings import Findings
from apiwright.check.second_opinion import check_second_opinion
from apiwright.check.storage import read_storage
from apiwright.check.version import check_version
from apiwright.load import Document
from apiwright.problems import Report

_ABOUT_THE_CONTRACT = (
    specification.check_objects,
    alternatives.check_alternatives,
    components.check_component_names,
    tags.check_tags,
    paths.check_paths,
    paths.check_ambiguous_paths,
    paths.check_path_parameters,
    operations.check_ids,
    operations.check_shared_items,
    operations.check_missing_ids,
    operations.check_statuses,
    operations.check_links,
    lifecycle.check_lifecycle,
    idempotency.check_idempotency,
    limits.check_limits,
    parameters.check_duplicates,
    parameters.check_path_parameters_required,
    parameters.check_ignored_headers,
    parameters.check_header_names,
    parameters.check_defaults,
    schemas.check_ranges,
    schemas.check_enums,
    schemas.check_directions,
    schemas.check_nullable,
    schemas.check_dialect,
    schemas.check_keywords,
    required.check_required,
    patterns.check_patterns,
    recursion.check_recursion,
    recursion.check_weights,
    values.check_values,
    security.check_requirements,
    security.check_schemes,
    security.check_ways,
    roles.check_roles,
    extensions.check_extensions,
    events.check_webhook_words,
    evolution.check_backfills,
    evolution.check_renames,
    evolution.check_deleted,
    media.check_bodies,
    media.check_answers,
    media.check_idle_objects,
    media.check_schemes,
)
_ABOUT_STORAGE = (
    tables.check_tables,
    tables.check_table_names,
    tables.check_column_names,
    tables.check_column_numbers,
    tables.check_column_types,
    tables.check_idle_words,
    references.check_references,
    accounts.check_identity,
    accounts.check_owners,
    accounts.check_hashed,
    accounts.check_timestamps,
    tenancy.check_tenants,
    api_keys.check_api_keys,
    actions.check_actions,
    actions.check_rows,
    bulk.check_bulk,
    lists.check_lists,
    events.check_events,
    events.check_webhooks,
    events.check_audit,
    versions.check_versions,
    versions.check_if_match,
    caches.check_caches,
    roles.check_role_names,
    roles.check_granted,
)


def check(document: Document, report: Report, *, second_opinion: bool = True) -> None:
    """Add everything that is wrong with `document` to `report`, and notes on what is not done.

    Every rule runs, whatever the others found, so that all problems are shown at once; only the
    version decides alone, since nothing of another one can be trusted. openapi-spec-validator is
    asked for its `second_opinion` where our own rules find nothing.
    """
    found = Findings()
    if check_version(document.root, found):
        contract = read_contract(document)
        for about_contract in _ABOUT_THE_CONTRACT:
            about_contract(contract, found)
        storage = read_storage(contract)
        for about_storage in _ABOUT_STORAGE:
            about_storage(storage, found)
        if second_opinion and not (found.failed or report.failed):
            check_second_opinion(contract, found)
    found.deliver(report)
