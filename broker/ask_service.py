"""How the command line speaks to the running service: by the operator's token or certificate."""

import argparse
import http.client
import json
import os
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

_WITHIN_SECONDS = 600  # erasing, or looking for what is owed, goes over a whole file


def at_service() -> argparse.ArgumentParser:
    """The options of every command that speaks to the running service."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    add_credentials(parser)
    return parser


def add_credentials(parser: argparse.ArgumentParser) -> None:
    """How the operator shows who it is; each is also taken from the environment."""
    parser.add_argument(
        "--token", default=os.environ.get("BROKER_TOKEN", ""), help="or in BROKER_TOKEN"
    )
    for option, about in (
        ("ca", "PEM file: who signed the service's certificate, where this machine does not know"),
        ("certificate", "PEM file: the operator's client certificate"),
        ("key", "PEM file: its key"),
    ):
        name = f"BROKER_{option.upper()}"
        parser.add_argument(
            f"--{option}", default=os.environ.get(name), help=f"{about}; or in {name}"
        )


def ask(options: argparse.Namespace, method: str, path: str, body: object) -> int:
    """Ask the running service and print what it says; 0 where it agreed."""
    try:
        request = urllib.request.Request(
            options.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=headers_of(options),
        )
        with open_url(options, request, within_seconds=_WITHIN_SECONDS) as response:
            print(response.read().decode())
    except urllib.error.HTTPError as error:
        print(error.read().decode(), file=sys.stderr)
        return 1
    except (OSError, http.client.HTTPException) as error:
        why = error.reason if isinstance(error, urllib.error.URLError) else error
        print(f"broker: {options.url} does not answer: {why}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(f"broker: {error}", file=sys.stderr)
        return 1
    return 0


def headers_of(options: argparse.Namespace) -> dict[str, str]:
    """The token, where there is one; a certificate is shown by the connection."""
    return {"Authorization": f"Bearer {options.token}"} if options.token else {}


def open_url(
    options: argparse.Namespace, request: urllib.request.Request, *, within_seconds: float
) -> http.client.HTTPResponse:
    """The answer to this request. Raises OSError, also for files of TLS that cannot be used."""
    context = ssl.create_default_context(cafile=options.ca)
    if options.certificate:
        context.load_cert_chain(options.certificate, options.key)
    answer: http.client.HTTPResponse = urllib.request.urlopen(
        request, timeout=within_seconds, context=context
    )
    return answer


def in_path(text: str) -> str:
    """What a person typed, as one step of a path."""
    return urllib.parse.quote(text, safe="")
