"""Node keys, their certificates, and TLS between nodes.

docs/PROTOCOL.md, "Node keys", "The handshake". Part of net_client.py.

The certificate is written by hand, so that it can say what it likes: it is
long expired, belongs to nobody and is good all the same, since nothing in it
counts but the key.
"""

import os
import socket
import ssl
from base64 import b64decode, b64encode
from pathlib import Path

import ed25519
from net_wire import ALPN

ED25519_OID = bytes.fromhex("06032b6570")
COMMENT_OID = bytes.fromhex("0603550d01")


class PinError(Exception):
    """The listener is not the node that was dialled."""


# --- DER, as much as a certificate needs


def der(tag, *parts):
    """One element."""
    data = b"".join(parts)
    size = len(data)
    if size < 0x80:
        return bytes([tag, size]) + data
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + data


def der_take(data):
    """The first element: its tag, what it holds, what follows it."""
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(data[2:at], "big")
    if len(data) < at + size:
        raise ValueError("a certificate that is cut short")
    return data[0], data[at : at + size], data[at + size :]


def certificate_key(certificate):
    """The Ed25519 key in a certificate, or None."""
    try:
        _, inside, _ = der_take(certificate)
        _, inside, _ = der_take(inside)
        tag, _, _ = der_take(inside)
        for _ in range(6 if tag == 0xA0 else 5):
            _, _, inside = der_take(inside)
        _, inside, _ = der_take(inside)
        _, algorithm, rest = der_take(inside)
        _, bits, _ = der_take(rest)
    except (IndexError, ValueError):
        return None
    if algorithm != ED25519_OID or len(bits) != 33 or bits[0] != 0:
        return None
    return bits[1:]


def certificate(key, padding=0):
    """A certificate for a key; @padding: bytes of something else in it."""
    algorithm = der(0x30, ED25519_OID)
    name = der(0x30)
    extensions = b""
    if padding:
        inside = der(0x30, COMMENT_OID, der(0x04, bytes(padding)))
        extensions = der(0xA3, der(0x30, inside))
    inside = der(
        0x30,
        der(0xA0, der(0x02, b"\2")),
        der(0x02, b"\1"),
        algorithm,
        name,
        der(0x30, der(0x17, b"700101000000Z"), der(0x17, b"700102000000Z")),
        name,
        der(0x30, algorithm, der(0x03, b"\0", key.public)),
        extensions,
    )
    return der(0x30, inside, algorithm, der(0x03, b"\0", key.sign(inside)))


# --- key files


def pem(label, data):
    """One PEM block."""
    text = b64encode(data).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines,
                      f"-----END {label}-----", ""])  # fmt: skip


def write_key(path, seed=None, padding=0):
    """Make a node key and its certificate in one PEM file; its public key."""
    key = ed25519.Key(seed or os.urandom(32))
    private = der(
        0x30,
        der(0x02, b"\0"),
        der(0x30, ED25519_OID),
        der(0x04, der(0x04, key.seed)),
    )
    path = Path(path)
    path.touch(mode=0o600)
    path.write_text(
        pem("PRIVATE KEY", private)
        + pem("CERTIFICATE", certificate(key, padding))
    )
    return key.public


def read_key(path):
    """The public key of a key file."""
    lines = Path(path).read_text().split("-----")
    text = lines[lines.index("BEGIN CERTIFICATE") + 1]
    return certificate_key(b64decode(text))


# --- the handshake


def client_context(key_file, alpn=(ALPN,)):
    """What a dialler offers; the pin is checked by connect()."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if key_file:
        context.load_cert_chain(key_file)
    return context


def connect(address, pin, context, timeout=10, strict=True):
    """Dial, shake hands, and see that it is the node that was wanted.

    Not @strict: whatever is spoken, the listener has to mind.
    """
    raw = socket.create_connection(address, timeout)
    try:
        tls = context.wrap_socket(raw, suppress_ragged_eofs=False)
    except BaseException:
        raw.close()
        raise
    found = certificate_key(tls.getpeercert(binary_form=True))
    if found != pin:
        tls.close()
        name = found.hex() if found else "no Ed25519 key"
        raise PinError(f"the listener has {name}, not {pin.hex()}")
    spoken = (tls.version(), tls.selected_alpn_protocol())
    if strict and spoken != ("TLSv1.3", ALPN):
        tls.close()
        raise PinError("the listener does not speak weald/1 over TLS 1.3")
    return tls
