"""Hashes of strings that are the same on every machine: FarmHash's Fingerprint64 and SipHash.

All arithmetic is modulo 2^64.
"""

from __future__ import annotations

_MASK = (1 << 64) - 1
# Multipliers of FarmHash (Pike, 2014), which are CityHash's.
_K0 = 0xC3A5C85C97CB3127
_K1 = 0xB492B66FBE98F273
_K2 = 0x9AE16A3B2F90404F
# That of MurmurHash (Appleby, 2008), with which fingerprints are joined.
_K_MUL = 0xC6A4A7935BD1E995


def _rotated(x: int, by: int) -> int:
    """Return the bits of x moved to the right, those that fall out put in front."""
    return (x >> by | x << (64 - by)) & _MASK if by else x


def _mixed(x: int) -> int:
    return x ^ x >> 47


def _word(text: bytes, at: int, size: int = 8) -> int:
    """Return the `size` bytes from `at` on as a number, lowest first; `at` may count from the end."""
    if at < 0:
        at += len(text)
    return int.from_bytes(text[at : at + size], "little")


def _joined(u: int, v: int, multiplier: int) -> int:
    """Return one number for two."""
    a = _mixed((u ^ v) * multiplier & _MASK)
    b = _mixed((v ^ a) * multiplier & _MASK)
    return b * multiplier & _MASK


def _up_to_16(text: bytes) -> int:
    n = len(text)
    if n >= 8:
        multiplier = _K2 + 2 * n & _MASK
        a, b = _word(text, 0) + _K2 & _MASK, _word(text, -8)
        c = _rotated(b, 37) * multiplier + a & _MASK
        d = (_rotated(a, 25) + b) * multiplier & _MASK
        return _joined(c, d, multiplier)
    if n >= 4:
        multiplier = _K2 + 2 * n & _MASK
        return _joined(n + (_word(text, 0, 4) << 3) & _MASK, _word(text, -4, 4), multiplier)
    if n:
        y = text[0] + (text[n >> 1] << 8)
        z = n + (text[-1] << 2)
        return _mixed(y * _K2 & _MASK ^ z * _K0 & _MASK) * _K2 & _MASK
    return _K2


def _up_to_32(text: bytes) -> int:
    multiplier = _K2 + 2 * len(text) & _MASK
    a, b = _word(text, 0) * _K1 & _MASK, _word(text, 8)
    c, d = _word(text, -8) * multiplier & _MASK, _word(text, -16) * _K2 & _MASK
    u = _rotated(a + b & _MASK, 43) + _rotated(c, 30) + d & _MASK
    v = a + _rotated(b + _K2 & _MASK, 18) + c & _MASK
    return _joined(u, v, multiplier)


def _up_to_64(text: bytes) -> int:
    multiplier = _K2 + 2 * len(text) & _MASK
    a, b = _word(text, 0) * _K2 & _MASK, _word(text, 8)
    c, d = _word(text, -8) * multiplier & _MASK, _word(text, -16) * _K2 & _MASK
    y = _rotated(a + b & _MASK, 43) + _rotated(c, 30) + d & _MASK
    z = _joined(y, a + _rotated(b + _K2 & _MASK, 18) + c & _MASK, multiplier)
    e, f = _word(text, 16) * multiplier & _MASK, _word(text, 24)
    g, h = (y + _word(text, -32)) * multiplier & _MASK, (z + _word(text, -24)) * multiplier & _MASK
    u = _rotated(e + f & _MASK, 43) + _rotated(g, 30) + h & _MASK
    v = e + _rotated(f + a & _MASK, 18) + g & _MASK
    return _joined(u, v, multiplier)


def _weak(text: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """Return two numbers for 32 bytes and two seeds."""
    w, x, y, z = (_word(text, at + i) for i in (0, 8, 16, 24))
    a = a + w & _MASK
    b = _rotated(b + a + z & _MASK, 21)
    c = a
    a = a + x + y & _MASK
    b = b + _rotated(a, 44) & _MASK
    return a + z & _MASK, b + c & _MASK


def _long(text: bytes) -> int:
    seed = 81
    x, y = seed, seed * _K1 + 113 & _MASK
    z = _mixed(y * _K2 + 113 & _MASK) * _K2 & _MASK
    v, w = (0, 0), (0, 0)
    x = x * _K2 + _word(text, 0) & _MASK
    end = (len(text) - 1) // 64 * 64
    for at in range(0, end, 64):
        x = _rotated(x + y + v[0] + _word(text, at + 8) & _MASK, 37) * _K1 & _MASK
        y = _rotated(y + v[1] + _word(text, at + 48) & _MASK, 42) * _K1 & _MASK
        x ^= w[1]
        y = y + v[0] + _word(text, at + 40) & _MASK
        z = _rotated(z + w[0] & _MASK, 33) * _K1 & _MASK
        v = _weak(text, at, v[1] * _K1 & _MASK, x + w[0] & _MASK)
        w = _weak(text, at + 32, z + w[1] & _MASK, y + _word(text, at + 16) & _MASK)
        z, x = x, z
    multiplier = _K1 + ((z & 0xFF) << 1) & _MASK
    last = len(text) - 64
    w = (w[0] + (len(text) - 1 & 63) & _MASK, w[1])
    v = (v[0] + w[0] & _MASK, v[1])
    w = (w[0] + v[0] & _MASK, w[1])
    x = _rotated(x + y + v[0] + _word(text, last + 8) & _MASK, 37) * multiplier & _MASK
    y = _rotated(y + v[1] + _word(text, last + 48) & _MASK, 42) * multiplier & _MASK
    x ^= w[1] * 9 & _MASK
    y = y + v[0] * 9 + _word(text, last + 40) & _MASK
    z = _rotated(z + w[0] & _MASK, 33) * multiplier & _MASK
    v = _weak(text, last, v[1] * multiplier & _MASK, x + w[0] & _MASK)
    w = _weak(text, last + 32, z + w[1] & _MASK, y + _word(text, last + 16) & _MASK)
    z, x = x, z
    first = _joined(v[0], w[0], multiplier) + _mixed(y) * _K0 + z & _MASK
    return _joined(first, _joined(v[1], w[1], multiplier) + x & _MASK, multiplier)


def fingerprint64(text: bytes) -> int:
    """Return FarmHash's Fingerprint64 (Pike, 2014), as TensorFlow's hash buckets use it."""
    if len(text) <= 16:
        return _up_to_16(text)
    if len(text) <= 32:
        return _up_to_32(text)
    return _up_to_64(text) if len(text) <= 64 else _long(text)


def joined64(first: int, second: int) -> int:
    """Return one fingerprint for two, as TensorFlow crosses features."""
    result = first ^ _K_MUL ^ _mixed(second * _K_MUL & _MASK) * _K_MUL & _MASK
    result = _mixed(result * _K_MUL & _MASK) * _K_MUL & _MASK
    return _mixed(result)


def _round(v: list[int]) -> None:
    a, b, c, d = v
    a = a + b & _MASK
    b = _rotated(b, 51) ^ a
    a = _rotated(a, 32)
    c = c + d & _MASK
    d = _rotated(d, 48) ^ c
    a = a + d & _MASK
    d = _rotated(d, 43) ^ a
    c = c + b & _MASK
    b = _rotated(b, 47) ^ c
    c = _rotated(c, 32)
    v[:] = a, b, c, d


def siphash64(text: bytes, key: tuple[int, int]) -> int:
    """Return SipHash-2-4 of `text` (Aumasson & Bernstein, 2012) with two halves of a key."""
    first, second = key[0] & _MASK, key[1] & _MASK
    v = [
        first ^ 0x736F6D6570736575, second ^ 0x646F72616E646F6D,
        first ^ 0x6C7967656E657261, second ^ 0x7465646279746573,
    ]  # fmt: skip
    whole = len(text) // 8 * 8
    words = [_word(text, at) for at in range(0, whole, 8)]
    words.append(int.from_bytes(text[whole:], "little") | (len(text) & 0xFF) << 56)
    for word in words:
        v[3] ^= word
        _round(v)
        _round(v)
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(4):
        _round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]
