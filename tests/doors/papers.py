"""Authorities and the certificates they sign, as PEM files."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.house import House


@dataclass(frozen=True, slots=True)
class Paper:
    """A certificate and its key, as they lie in a folder."""

    folder: Path

    @property
    def certificate(self) -> str:
        return str(self.folder / "tls.crt")

    @property
    def key(self) -> str:
        return str(self.folder / "tls.key")

    @property
    def pair(self) -> Mapping[str, str]:
        """As settings name them."""
        return {"certificate": self.certificate, "key": self.key}

    @property
    def serial(self) -> int:
        return x509.load_pem_x509_certificate(Path(self.certificate).read_bytes()).serial_number

    def put_in(self, place: Paper, *names: str) -> None:
        """Replaces what is there by this, file by file; both, or those named."""
        for name in names or ("tls.key", "tls.crt"):
            new = place.folder / f".{name}"
            new.write_bytes((self.folder / name).read_bytes())
            os.replace(new, place.folder / name)


class Authority:
    def __init__(self, folder: Path, name: str = "an authority") -> None:
        self._folder = folder / name.replace(" ", "-")
        self._folder.mkdir()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        until = datetime.now(UTC) + timedelta(days=1)
        self._issued = 0
        signed = self._signed(self._name, self._key, until, x509.BasicConstraints(ca=True, path_length=None))
        self.path = str(self._folder / "ca.crt")
        Path(self.path).write_bytes(signed)

    def sign(self, *names: str, until: timedelta = timedelta(days=1)) -> Paper:
        """A new certificate; without names for what tests listen at."""
        self._issued += 1
        paper = Paper(self._folder / str(self._issued))
        paper.folder.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a program")])
        alternatives = [_general(each) for each in names or ("localhost", "127.0.0.1")]
        signed = self._signed(subject, key, datetime.now(UTC) + until, x509.SubjectAlternativeName(alternatives))
        Path(paper.certificate).write_bytes(signed)
        Path(paper.key).write_bytes(_pem(key, serialization.NoEncryption()))
        return paper

    def sign_with_locked_key(self) -> Paper:
        paper = self.sign()
        key = serialization.load_pem_private_key(Path(paper.key).read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        Path(paper.key).write_bytes(_pem(key, serialization.BestAvailableEncryption(b"a passphrase")))
        return paper

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime, extension: x509.ExtensionType
    ) -> bytes:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_after(until)
        builder = builder.not_valid_before(until - timedelta(days=3)).add_extension(extension, critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey, encryption: serialization.KeySerializationEncryption) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def rest(house: House) -> tuple[str, int]:
    """Host and port of the bridge."""
    host, _, port = house.rest.rpartition("//")[2].rpartition(":")
    return host, int(port)
