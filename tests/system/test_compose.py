"""docker-compose.yml and its image: sound by schema, by the house's rules, and by our commands."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.main import get_command

from hub.settings import Settings
from simulators.main import app
from simulators.stack.containers import KAFKA_IMAGE, POSTGRES_IMAGE
from simulators.stack.jars import kafka_version
from tests.support.secured_kafka import new_env

ROOT = Path(__file__).parents[2]
SCHEMA = Path(__file__).parent / "data" / "compose-spec.json"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVERS = {"kafka", "postgres"}
AREAS = ("insured.340000", "insured.320000", "treatment.310000", "treatment.330000")
PARTS = sorted(SERVICES.keys() - SERVERS)
VARIABLE = re.compile(r"\$\{?([A-Z0-9_]+)([^}]*)\}?")


def is_one_shot(service: dict[str, Any]) -> bool:
    return str(service["restart"]).startswith("on-failure")


def yidi_commands() -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in PARTS:
        yield name, tuple(SERVICES[name]["command"])
        test = SERVICES[name].get("healthcheck", {}).get("test", [])
        if test[:2] == ["CMD", "yidi"]:
            yield f"health of {name}", tuple(test[2:])


def test_the_file_is_what_the_compose_specification_allows() -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(COMPOSE)


def test_the_schema_would_notice_a_misspelt_key() -> None:
    wrong = {"services": {"hub": {"image": "yidi-hub:0.1.0", "helthcheck": {}}}}
    with pytest.raises(jsonschema.ValidationError, match="helthcheck"):
        jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(wrong)


def test_all_parts_of_the_world_are_there() -> None:
    areas = [
        *(f"insured-{area}-{part}" for area in ("340000", "320000") for part in ("work", "desk")),
        *(f"treatment-{area}-work" for area in ("310000", "330000")),
        *(f"gateway-{area}" for area in ("310000", "330000")),
    ]
    running = {name for name in PARTS if not is_one_shot(SERVICES[name])}
    assert running == {"hub-api", "hub-work", "hub-jobs", *areas}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_has_a_health_check_or_ends_by_itself(name: str) -> None:
    service = SERVICES[name]
    assert ("healthcheck" in service) != is_one_shot(service)


@pytest.mark.parametrize("name", PARTS)
def test_what_a_part_needs_is_healthy_or_done_before_it_starts(name: str) -> None:
    for needed, how in SERVICES[name]["depends_on"].items():
        done = is_one_shot(SERVICES[needed])
        expected = "service_completed_successfully" if done else "service_healthy"
        assert how == {"condition": expected}, needed


@pytest.mark.parametrize(("name", "words"), list(yidi_commands()))
def test_every_yidi_command_exists_and_takes_these_arguments(
    name: str, words: tuple[str, ...]
) -> None:
    """Read as click would read it, down to the last argument, without running it."""
    here = str(ROOT / "simulators" / "data")
    command, rest = get_command(app), [re.sub(r"^/data(?=/)", here, word) for word in words]
    context = command.make_context("yidi", rest, resilient_parsing=True)
    while hasattr(command, "resolve_command"):
        found, command, rest = command.resolve_command(context, rest)
        assert found is not None, f"{name}: yidi {' '.join(words)}"
        assert command is not None
        context = command.context_class(command, info_name=found, parent=context)
    command.parse_args(context, rest)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_runs_without_rights_on_its_container(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "privileged" not in service
    assert "user" not in service, "the image's own user"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nothing_is_published_beyond_this_machine(name: str) -> None:
    service = SERVICES[name]
    assert "network_mode" not in service
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))
    assert not (name in SERVERS and "ports" in service), "reached inside the network only"


def test_no_port_of_this_machine_is_published_twice() -> None:
    published = [port.split(":")[1] for s in SERVICES.values() for port in s.get("ports", [])]
    assert len(published) == len(set(published)) == 5


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert all(form.startswith(":?") for _, form in VARIABLE.findall(text))


def test_every_secret_is_a_variable() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY(?!STORE)|DATABASE_URL|JAAS_CONFIG", variable):
                if "ScramLoginModule" in str(value):
                    continue  # it names the way, and no user
                assert re.search(r"\$\{[A-Z0-9_]+:\?", str(value)), f"{name}: {variable}"


def test_a_participant_knows_the_password_of_its_own_database_only() -> None:
    for name in PARTS:
        text = json.dumps(SERVICES[name])
        known = set(re.findall(r"YIDI_DB_PASSWORD_([A-Z0-9_]+)", text))
        area = re.search(r"\d{6}", name)
        own = "MIGRATOR" if name.startswith("migrate-") else _owner(name, area and area[0])
        assert known <= {own}, name


def test_a_participant_speaks_to_kafka_in_its_own_name_and_with_its_own_keys() -> None:
    for name in PARTS:
        given = SERVICES[name].get("environment", {})
        if "YIDI_KAFKA" not in given:
            assert "KAFKA" not in json.dumps(given), name
            continue
        assert given["YIDI_KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL", name
        if name in {"rights", "topics"}:
            assert (given["YIDI_KAFKA_USER"], "YIDI_MESSAGE_KEYS" in given) == ("admin", False)
            continue
        area = re.search(r"\d{6}", name)
        role = "insured" if name.startswith("insured") else "treatment"
        owner = f"{role}.{area[0]}" if area else "hub"
        own = _variable(owner)
        assert given["YIDI_KAFKA_USER"] == owner, name
        ((password, _),) = VARIABLE.findall(given["YIDI_KAFKA_PASSWORD"])
        assert password == f"YIDI_KAFKA_PASSWORD_{own}"
        keys = {found for found, _ in VARIABLE.findall(given["YIDI_MESSAGE_KEYS"])}
        whose = AREAS if owner == "hub" else (owner,)
        assert keys == {f"YIDI_MESSAGE_KEYS_{_variable(one)}" for one in whose}, name


def _variable(participant: str) -> str:
    return participant.upper().replace(".", "_")


def test_kafka_denies_what_no_right_allows_and_nobody_comes_in_without_a_password() -> None:
    given = SERVICES["kafka"]["environment"]
    assert given["KAFKA_AUTHORIZER_CLASS_NAME"].endswith(".StandardAuthorizer")
    assert given["KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND"] == "false"
    assert given["KAFKA_SUPER_USERS"] == "User:admin"
    spoken = dict(
        part.split(":") for part in given["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    )
    assert spoken == {"CONTROLLER": "SASL_PLAINTEXT", "CLIENTS": "SASL_SSL", "ADMIN": "SASL_SSL"}
    assert "CONTROLLER://localhost:9093" in given["KAFKA_LISTENERS"], "never on the network"
    mechanisms = given["KAFKA_LISTENER_NAME_CLIENTS_SASL_ENABLED_MECHANISMS"]
    assert mechanisms == "SCRAM-SHA-512"


def test_only_the_broker_sees_its_private_key() -> None:
    holders = {name for name, service in SERVICES.items() if "kafka/tls" in json.dumps(service)}
    assert holders == {"kafka"}


def test_keys_go_only_to_parts_that_seal_or_recognise_identities() -> None:
    holders = {name for name in PARTS if "YIDI_SEALING_KEYS" in json.dumps(SERVICES[name])}
    assert {name.partition("-")[0] for name in holders} == {"insured", "people", "gateway"}
    holders |= {name for name in PARTS if "YIDI_PERSON_TOKEN_KEY" in json.dumps(SERVICES[name])}
    assert {name for name in holders if name.startswith("hub")} == {"hub-api"}
    assert not [name for name in holders if name.endswith("-work")]


@pytest.mark.parametrize(
    ("variable", "holder"),
    [("YIDI_HUB_SEALING_KEYS", "hub-api"), ("YIDI_HUB_SEAL_KEY", "hub-jobs")],
)
def test_a_secret_of_the_hub_goes_to_the_one_part_that_uses_it(variable: str, holder: str) -> None:
    given = {name for name in PARTS if variable in SERVICES[name].get("environment", {})}
    assert given == {holder}


def _owner(name: str, area: str | None) -> str:
    if area is None:
        return "HUB"
    is_insured = name.startswith(("insured-", "people-"))
    return f"{'INSURED' if is_insured else 'TREATMENT'}_{area}"


def test_the_example_names_every_secret_and_gives_none() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    asked = {name for name, _ in VARIABLE.findall((ROOT / "docker-compose.yml").read_text("utf-8"))}
    assert {line.removesuffix("=") for line in named} == asked
    assert all(line.endswith("=") for line in named)
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").split()


def test_the_script_makes_secrets_of_the_hub_that_the_hub_can_read() -> None:
    made = {name.lower().removeprefix("yidi_"): value for name, value in new_env().items()}
    settings = Settings(
        hub_seal_key=made["hub_seal_key"], hub_sealing_keys=made["hub_sealing_keys"]
    )
    sealer = settings.case_keys()
    assert settings.seal_key() is not None
    assert sealer is not None
    assert sealer.open(sealer.seal("床位费")) == "床位费"
    assert made["hub_sealing_keys"] != made["sealing_keys"]


def test_images_are_pinned_to_what_the_demo_and_the_tests_run_on() -> None:
    assert SERVICES["kafka"]["image"] == f"{KAFKA_IMAGE}:{kafka_version()}"
    assert SERVICES["postgres"]["image"] == POSTGRES_IMAGE
    ours = {SERVICES[name]["image"] for name in PARTS}
    assert len(ours) == 1
    assert not [image for image in ours | {POSTGRES_IMAGE} if not re.search(r":\d", image)]


def test_the_image_builds_on_a_pinned_python_and_runs_as_nobody_special() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    bases = {line.split()[1] for line in lines if line.startswith("FROM")}
    assert bases == {"python:3.11-slim-bookworm"}
    assert "USER 10001:10001" in lines
    assert 'ENTRYPOINT ["yidi"]' in lines


def test_what_the_image_copies_is_let_into_the_build_and_there() -> None:
    allowed = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    }
    copied = {
        word
        for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines()
        if line.startswith("COPY") and "--from" not in line
        for word in line.split()[1:-1]
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def test_every_file_that_a_service_mounts_is_there() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).is_dir(), name
            else:
                assert source in COMPOSE["volumes"], name
        for word in service.get("command", []):
            if word.startswith("/data/"):
                assert (ROOT / "simulators" / word.removeprefix("/")).is_file(), name
