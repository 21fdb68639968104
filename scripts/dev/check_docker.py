"""Checks docker/Dockerfile and docker/compose.yaml as far as that goes without a container engine: that they parse, and that the
stages, paths, services, volumes, variables, settings and subcommands they name exist. Run from the repository's root; prints every fault and exits 1."""

import json
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
INSTRUCTIONS = set("ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split())
faults = []


def fault(text):
    faults.append(text)


def settings():
    """The settings of config/default.toml as VISUALKIT__SECTION__KEY."""
    section, names = "", set()
    for line in (ROOT / "config/default.toml").read_text().splitlines():
        if match := re.match(r"\[(\w+)\]", line):
            section = match[1]
        elif match := re.match(r"(\w+) *=", line):
            names.add(f"VISUALKIT__{section}__{match[1]}".upper())
    return names


def plain_names():
    """The environment names that config/src/load.rs knows, without those of the database's roles: each process has its own of these."""
    table = re.search(r"PLAIN_NAMES.*?\n\];", (ROOT / "config/src/load.rs").read_text(), re.S)[0]
    return {name for name in re.findall(r'\("(\w+)", "', table) if not name.startswith("DATABASE_")}


def check_setting(where, name):
    if name.startswith("VISUALKIT__") and name not in settings():
        fault(f"{where}: {name} is no setting of config/default.toml")


def instructions(text):
    """(instruction, rest) with continued lines joined and comments dropped."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name, rest.strip()


def check_copy(where, rest, stages):
    words = rest.split()
    flags = [word for word in words if word.startswith("--")]
    sources = [word for word in words if not word.startswith("--")][:-1]
    stage = next((flag.removeprefix("--from=") for flag in flags if flag.startswith("--from=")), None)
    if stage is not None and stage not in stages:
        fault(f"{where}: COPY from a stage {stage} that is not there")
    for source in sources if stage is None else []:
        if not (ROOT / source).exists():
            fault(f"{where}: COPY of {source}, which is not there")


def check_dockerfile(path):
    where, stages, user = path.name, set(), "root"
    for name, rest in instructions(path.read_text()):
        if name not in INSTRUCTIONS:
            fault(f"{where}: {name} is no instruction")
        elif name == "FROM":
            user = "root"
            match = re.fullmatch(r"(\S+)(?: AS (\w+))?", rest)
            if not match or (":" not in match[1] and match[1] not in stages):
                fault(f"{where}: FROM {rest}: neither an image with a tag nor an earlier stage")
            elif match[2]:
                stages.add(match[2])
        elif name == "COPY":
            check_copy(where, rest, stages)
        elif name == "ENV":
            for variable in re.findall(r"(\w+)=", rest):
                check_setting(where, variable)
        elif name == "USER":
            user = rest
        elif name in ("CMD", "ENTRYPOINT"):
            if not isinstance(json.loads(rest), list):
                fault(f"{where}: {name} is not a JSON list")
    if user == "root":
        fault(f"{where}: the last stage runs as root")


def check_service(name, service, compose, folder):
    where = f"compose.yaml: {name}"
    if "image" not in service and "build" not in service:
        fault(f"{where} has neither image nor build")
    for other in service.get("depends_on", {}):
        if other not in compose["services"]:
            fault(f"{where} depends on {other}, which is not there")
    for mount in service.get("volumes", []):
        source = mount.split(":")[0]
        if source.startswith("."):
            if not (folder / source).exists():
                fault(f"{where} mounts {source}, which is not there")
        elif source not in compose.get("volumes", {}):
            fault(f"{where} mounts volume {source}, which is not declared")
    for variable in service.get("environment", {}):
        check_setting(where, variable)
    for part in service.get("build", {}).values():
        if not (folder / part).exists() and not (ROOT / part).exists():
            fault(f"{where} is built from {part}, which is not there")


def check_compose(path):
    text = path.read_text()
    compose = yaml.safe_load(text)
    for name, service in compose["services"].items():
        check_service(name, service, compose, path.parent)
        # As process 1 a command without a handler ignores an interruption.
        if service.get("image", "").startswith("visualkit:") and service.get("init") is not True:
            fault(f"compose.yaml: {name} has no `init: true`")
    for name in sorted(plain_names() - set(compose["x-environment"])):
        fault(f"compose.yaml: x-environment does not pass {name} on")
    example = set(re.findall(r"^(\w+)=", (path.parent / "example.env").read_text(), re.M))
    for variable in set(re.findall(r"\$\{(\w+)", text)) - example:
        fault(f"compose.yaml: {variable} is not in example.env")


check_dockerfile(ROOT / "docker/Dockerfile")
check_compose(ROOT / "docker/compose.yaml")
for line in faults:
    print(line)
sys.exit(bool(faults))
