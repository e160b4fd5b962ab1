"""A register for each test, and a certificate that only those trust who are told to."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.web.running import new_database


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample register in a file, made once."""
    path = tmp_path_factory.mktemp("template") / "broker.sqlite"
    new_database(path)
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    """The file of this test, with the sample register."""
    return Path(shutil.copy(template, tmp_path / "broker.sqlite"))


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for this machine by name and number, that nobody else has signed."""

    certificate: Path
    key: Path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Made anew each time, so that no key lies in the sources and none runs out."""
    folder = tmp_path_factory.mktemp("certificate")
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(
        [
            *(*request.split(), "-subj", "/CN=localhost", "-addext", names),
            *("-keyout", str(made.key), "-out", str(made.certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return made


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """The same, trusted as an operator trusts an authority of its own: by the environment."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    return certificate
