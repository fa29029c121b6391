"""The files that deploy the service keep to the rules of those who read them.

No container engine runs here: images are not built, only what describes them is held to its linter.
"""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.support.running import ROOT

GENERATED = ROOT / "generated"
TOOLS = Path(sys.executable).parent


def run(*command: str) -> str:
    """What a linter says; it has to be content."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_dockerfile_passes_its_linter() -> None:
    """hadolint has nothing to say."""
    run(str(TOOLS / "hadolint"), str(GENERATED / "Dockerfile"))


def test_the_image_runs_as_an_ordinary_user() -> None:
    """The last user is not root, and the packages come from a stage of their own."""
    lines = (GENERATED / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users[-1] == "10001"
    assert sum(line.startswith("FROM python:3.13-slim") for line in lines) == 2


def test_the_compose_file_is_valid() -> None:
    """It keeps the schema of the Compose specification."""
    run(
        str(TOOLS / "check-jsonschema"),
        "--builtin-schema",
        "vendor.compose-spec",
        str(GENERATED / "docker-compose.yml"),
    )


def test_the_compose_file_has_no_secret_with_a_default() -> None:
    """Passwords and keys have to be given; migrations run before the service does."""
    text = (GENERATED / "docker-compose.yml").read_text()
    compose: dict[str, Any] = yaml.safe_load(text)
    assert "${POSTGRES_PASSWORD:?" in text
    assert "${JWT_KEYS:?" in text
    service = compose["services"]["service"]
    assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert service["read_only"] is True
    assert compose["services"]["postgres"]["image"] == "postgres:18"


def test_every_setting_is_in_the_example() -> None:
    """`.env.example` names each field of the settings, and nothing else."""
    environ = {"PATH": "/usr/bin:/bin", "ENVIRONMENT": "test"}
    code = "from app.config import Settings; print(*Settings.model_fields)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=GENERATED,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    fields = {name.upper() for name in done.stdout.split()}
    lines = (GENERATED / ".env.example").read_text().splitlines()
    named = {line.lstrip("# ").partition("=")[0] for line in lines if "=" in line}
    assert fields == {name for name in named if name.isupper()}


def test_the_requirements_are_those_of_the_imports() -> None:
    """Every package that the application imports is one of its requirements."""
    modules = set()
    for file in (GENERATED / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
    packages = importlib.metadata.packages_distributions()
    outside = {
        name.lower().replace("_", "-")
        for module in modules - {"app", "overrides"} - sys.stdlib_module_names
        for name in packages[module][:1]
    }
    files = ("requirements.txt", "requirements-tracing.txt")
    listed = "".join((GENERATED / name).read_text().lower() for name in files)
    required = {
        line.partition(">")[0].partition("[")[0].strip()
        for line in listed.splitlines()
        if line and not line.startswith("#")
    }
    # pydantic comes with FastAPI, its core with pydantic.
    assert outside - required <= {"pydantic", "pydantic-core"}
