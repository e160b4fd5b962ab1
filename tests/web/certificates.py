"""A CA of one's own, to try mutual TLS out: `scripts/test_ca`, and the tests of the door.

Never for anything else: its key lies beside its certificate, unprotected.
"""

import argparse
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from broker.clock import SystemClock

HOSTS = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Files:
    """A certificate and its key, each in a PEM file of its own."""

    certificate: Path
    key: Path


class TestCa:
    """A CA in a folder: the one that lies there, else a new one."""

    __test__ = False  # pytest, this is no test

    def __init__(self, folder: Path, *, since: datetime, until: datetime) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._since, self._until = since, until
        self.files = self._files("ca")
        if not self.files.key.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            name = _name("Test CA")
            built = self._begun(name, name, key.public_key()).add_extension(
                x509.BasicConstraints(ca=True, path_length=0), critical=True
            )
            self._write(self.files, key, built.sign(key, SHA256()))
        self._certificate = x509.load_pem_x509_certificate(self.files.certificate.read_bytes())
        key = serialization.load_pem_private_key(self.files.key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key

    def server(self, name: str = "server", hosts: tuple[str, ...] = HOSTS) -> Files:
        """A certificate for the door at these hosts."""
        return self._issue(name, ExtendedKeyUsageOID.SERVER_AUTH, hosts, self._until)

    def client(self, name: str, *, until: datetime | None = None) -> Files:
        """A certificate for a participant."""
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, (), until or self._until)

    def _issue(
        self, name: str, usage: x509.ObjectIdentifier, hosts: tuple[str, ...], until: datetime
    ) -> Files:
        key = ec.generate_private_key(ec.SECP256R1())
        built = (
            self._begun(_name(name), self._certificate.subject, key.public_key(), until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        )
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            built = built.add_extension(names, critical=False)
        files = self._files(name)
        self._write(files, key, built.sign(self._key, SHA256()))
        return files

    def _begun(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: ec.EllipticCurvePublicKey,
        until: datetime | None = None,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._since)
            .not_valid_after(until or self._until)
        )

    def _files(self, name: str) -> Files:
        return Files(self._folder / f"{name}.pem", self._folder / f"{name}.key.pem")

    def _write(
        self, files: Files, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
    ) -> None:
        files.key.touch(mode=0o600)
        files.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def main() -> None:
    """Make certificates for the server and each client, by the CA in the folder or a new one."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--client", action="append", default=[], help="a name; repeatable")
    parser.add_argument("--host", action="append", default=[], help="the server's; repeatable")
    parser.add_argument("--days", type=int, default=30, help="how long they are valid")
    options = parser.parse_args()
    now = SystemClock().now()
    until = now + timedelta(days=options.days)
    ca = TestCa(options.folder, since=now - timedelta(hours=1), until=until)
    made = [ca.server(hosts=tuple(options.host) or HOSTS)]
    made += [ca.client(name) for name in options.client]
    for one in made:
        print(f"{one.certificate}  {one.key}")


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""For tests: the clock of TLS is the machine's, whatever the broker's own says."""
FAR_OFF = datetime(2100, 1, 1, tzinfo=UTC)

if __name__ == "__main__":
    main()
