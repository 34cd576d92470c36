"""The keys of one control plane: made anew for every start, never leaving its folder.

One authority signs the API server's and etcd's serving certificates and the client certificate with which the
API server reads etcd; a separate key signs ServiceAccount tokens. Elliptic curves, because they are made in
milliseconds.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = dt.timedelta(days=30)
CLOCK_SKEW = dt.timedelta(hours=1)
SERVICE_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")


@dataclass(frozen=True, slots=True)
class Keys:
    """The files written, all in one folder that only its owner may read."""

    ca: Path
    serving_cert: Path
    serving_key: Path
    account_key: Path
    account_public: Path


def write(folder: Path, service_ip: str) -> Keys:
    """Make every key and certificate of one control plane."""
    folder.mkdir(mode=0o700)
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in SERVICE_NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", service_ip)]
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    serving_key = ec.generate_private_key(ec.SECP256R1())
    serving = _leaf(authority, authority_key, serving_key, names)
    account_key = ec.generate_private_key(ec.SECP256R1())
    return Keys(
        ca=_put(folder / "ca.crt", authority.public_bytes(serialization.Encoding.PEM)),
        serving_cert=_put(folder / "serving.crt", serving.public_bytes(serialization.Encoding.PEM)),
        serving_key=_put(folder / "serving.key", _private(serving_key)),
        account_key=_put(folder / "accounts.key", _private(account_key)),
        account_public=_put(folder / "accounts.pub", _public(account_key)),
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + LIFETIME)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Self-signed, with the key identifiers that Python's strict verification (3.13) demands."""
    name = _name("readiness-test authority")
    return (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    names: list[x509.GeneralName],
) -> x509.Certificate:
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _builder(_name("readiness-test server"), authority.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _put(path: Path, content: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
