"""Ed25519 (RFC 8032) in plain Python, slow and open to every trick.

For tests only: it signs with the keys of tests/data/feed.json, and it makes
the signatures that no honest program makes (S + L, a signature under a key of
small order, one that only a cofactored verifier takes). Nothing here is
constant in time, and nothing here is used to decide what is valid.
"""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)

# Points in extended homogeneous coordinates (X, Y, Z, T), x*y = T/Z.
IDENTITY = (0, 1, 1, 0)


def add(a, b):
    """The sum of two points, by the formulas of RFC 8032 section 5.1.4."""
    m = (a[1] - a[0]) * (b[1] - b[0]) % P
    n = (a[1] + a[0]) * (b[1] + b[0]) % P
    c = 2 * a[3] * b[3] * D % P
    d = 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    """scalar times point."""
    out = IDENTITY
    while scalar > 0:
        if scalar & 1:
            out = add(out, point)
        point = add(point, point)
        scalar >>= 1
    return out


def recover_x(y, sign):
    """The x of the curve point with this y and this lowest bit, or None."""
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * SQRT_MINUS_1 % P
    if x * x % P != xx:
        return None
    return P - x if x & 1 != sign else x


def encode(point):
    """The 32 bytes of a point."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    """The point of 32 bytes; ValueError where there is none."""
    number = int.from_bytes(data, "little")
    y = number & (2**255 - 1)
    x = recover_x(y % P, number >> 255)
    if x is None:
        raise ValueError("not a point of the curve")
    return (x, y % P, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (
    recover_x(BASE_Y, 0),
    BASE_Y,
    1,
    recover_x(BASE_Y, 0) * BASE_Y % P,
)

# One of the four points of order 8.
ORDER_8 = decode(
    bytes.fromhex(
        "26e8958fc2b227b045c3f489f2ef98f0"
        "d5dfac05d3c63339b13802886d53fc05"
    )
)


def hash_to_int(*parts):
    """SHA-512 over the parts, as a little-endian number."""
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


class Key:
    """A key pair from its 32-byte seed."""

    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        number = int.from_bytes(digest[:32], "little")
        self.seed = seed
        self.scalar = number & ((1 << 254) - 8) | (1 << 254)
        self.prefix = digest[32:]
        self.public = encode(multiply(self.scalar, BASE))

    def sign(self, message):
        """The 64 bytes that RFC 8032 prescribes."""
        nonce = hash_to_int(self.prefix, message) % L
        return self.sign_with(encode(multiply(nonce, BASE)), nonce, message)

    def sign_with(self, r_bytes, nonce, message):
        """A signature with this R, whose part in the base group is nonce."""
        challenge = hash_to_int(r_bytes, self.public, message) % L
        s = (nonce + challenge * self.scalar) % L
        return r_bytes + s.to_bytes(32, "little")

    def sign_cofactored(self, message):
        """Right only for verifiers that multiply the equation by 8."""
        nonce = hash_to_int(self.prefix, message) % L
        r_point = add(multiply(nonce, BASE), ORDER_8)
        return self.sign_with(encode(r_point), nonce, message)

    def sign_identity(self, message):
        """Right, with the neutral element as R."""
        return self.sign_with(encode(IDENTITY), 0, message)


def add_l_to_s(signature):
    """The same signature with S + L for S."""
    s = int.from_bytes(signature[32:], "little") + L
    return signature[:32] + s.to_bytes(32, "little")


def forge_small_order(public, message):
    """A signature under a key of small order, made without any secret.

    Where the challenge is a multiple of the key's order the key drops out of
    the equation, and any R = [S]B will do.
    """
    for s in range(1, 200):
        r_bytes = encode(multiply(s, BASE))
        challenge = hash_to_int(r_bytes, public, message) % L
        if challenge % 8 == 0:
            return r_bytes + s.to_bytes(32, "little")
    raise ValueError("no forgery found")
