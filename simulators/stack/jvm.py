"""Java and Maven: found on the machine, or installed from the system's packages if we may."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable

JAVA_MIN = 17
JAVA_PACKAGES = ("openjdk-17-jre-headless", "openjdk-21-jre-headless", "default-jre-headless")
MAVEN_PACKAGES = ("maven",)
INSTALL_WAIT_S = 600.0
MAY_INSTALL = "YIDI_MAY_INSTALL"


class NoKafka(Exception):
    """No real Apache Kafka can be had; one sentence says why and what would help."""


def find_java(tell: Callable[[str], None]) -> str:
    """The path of a Java that Kafka runs on. Raises NoKafka when there is none and no way to it."""
    found = _java()
    if found is None:
        _install(f"Java {JAVA_MIN} or newer", JAVA_PACKAGES, tell)
        found = _java()
    if found is None:
        raise NoKafka(f"Apache Kafka needs Java {JAVA_MIN} or newer, and there is none here.")
    return found


def find_maven(tell: Callable[[str], None]) -> str:
    """The path of `mvn`. Raises NoKafka when there is none and no way to it."""
    if shutil.which("mvn") is None:
        _install("Maven", MAVEN_PACKAGES, tell)
    found = shutil.which("mvn")
    if found is None:
        raise NoKafka("Apache Kafka's jars are fetched with Maven (mvn), and there is none here.")
    return found


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    candidates = ([f"{home}/bin/java"] if home else []) + ["java"]
    found = [path for path in map(shutil.which, candidates) if path]
    return next((path for path in found if _java_version(path) >= JAVA_MIN), None)


def _java_version(path: str) -> int:
    told = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', told)
    return int(match.group(1)) if match else 0


def _install(what: str, packages: tuple[str, ...], tell: Callable[[str], None]) -> None:
    if os.environ.get(MAY_INSTALL) == "0":
        raise NoKafka(f"{what} is missing, and {MAY_INSTALL}=0 forbids installing it.")
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise NoKafka(f"{what} is missing: install it (on Debian: {packages[0]}) and try again.")
    tell(f"Installing {what} from the system's packages …")
    _apt("apt-get", "update")
    package = next((name for name in packages if _offered(name)), packages[0])
    _apt("apt-get", "install", "-y", "--no-install-recommends", package)


def _offered(package: str) -> bool:
    policy = _apt("apt-cache", "policy", package)
    return "Candidate:" in policy and "Candidate: (none)" not in policy


def _apt(*command: str) -> str:
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, env=quiet, capture_output=True, text=True, check=True, timeout=INSTALL_WAIT_S
        )
    except subprocess.CalledProcessError as error:
        last = (error.stderr or error.stdout or "no message").strip().splitlines()[-1]
        raise NoKafka(f"{' '.join(command)} failed: {last}") from error
    except subprocess.TimeoutExpired as error:
        raise NoKafka(f"{' '.join(command)} took more than {INSTALL_WAIT_S:.0f} s.") from error
    return done.stdout
