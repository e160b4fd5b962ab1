"""TLS at the door: its own certificate, and whose client certificates it takes.

That a client certificate is valid and signed by the CA is checked when the connection is made;
whose it is, and whether it was revoked, is looked up for every request (`identity`).
"""

import ssl
from pathlib import Path
from typing import Literal

ClientCertificates = Literal["none", "optional", "required"]

_VERIFY: dict[ClientCertificates, ssl.VerifyMode] = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}


class UnableToUseCertificate(Exception):
    """The files cannot be read, or key and certificate do not belong together."""


class DoorTls:
    """The door's side of TLS. `context` is what the port listens with."""

    def __init__(
        self,
        *,
        certificate: Path,
        key: Path,
        client_ca: Path | None,
        client_certificates: ClientCertificates,
    ) -> None:
        """Read the files. Raises UnableToUseCertificate."""
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca
        self.context = self._fresh()
        self.context.verify_mode = _VERIFY[client_certificates]
        # A session taken up again would not have its certificate checked anew.
        self.context.options |= ssl.OP_NO_TICKET
        self.context.num_tickets = 0
        self.context.set_alpn_protocols(["http/1.1"])

    def reload(self) -> None:
        """Show the certificate that lies in the files now, on connections made from now on.

        A CA that is in the file now is trusted too; one that is not there any more still is, until
        the service starts anew. Raises UnableToUseCertificate, and goes on as before then.
        """
        self._fresh()  # first on the side: half of a new pair would spoil the one in use
        self._fill(self.context)

    def _fresh(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._fill(context)
        return context

    def _fill(self, context: ssl.SSLContext) -> None:
        try:
            context.load_cert_chain(self._certificate, self._key, password=_no_password)
            if self._client_ca is not None:
                context.load_verify_locations(self._client_ca)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            files = (self._certificate, self._key, self._client_ca)
            named = ", ".join(str(path) for path in files if path is not None)
            raise UnableToUseCertificate(f"{named}: {error}") from error


def _no_password() -> str:
    """A key with a password would have OpenSSL ask at the terminal, of a service that has none."""
    raise ValueError("the key is protected by a password")
