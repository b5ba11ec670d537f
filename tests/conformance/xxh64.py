"""The hash of the engine, for tests that compute by hand what hangs on it."""


def xxh64_short(data, seed):
    """XXH64 of fewer than 32 bytes, from its published description."""
    mask = (1 << 64) - 1
    p1, p2, p3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
    p4, p5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5

    def rotate(value, bits):
        return ((value << bits) | (value >> (64 - bits))) & mask

    state = (seed + p5 + len(data)) & mask
    while len(data) >= 8:
        lane = rotate(int.from_bytes(data[:8], "little") * p2 & mask, 31) * p1 & mask
        state = (rotate(state ^ lane, 27) * p1 + p4) & mask
        data = data[8:]
    if len(data) >= 4:
        state = (
            rotate(state ^ (int.from_bytes(data[:4], "little") * p1 & mask), 23) * p2 + p3
        ) & mask
        data = data[4:]
    for byte in data:
        state = rotate(state ^ (byte * p5 & mask), 11) * p1 & mask
    state = (state ^ (state >> 33)) * p2 & mask
    state = (state ^ (state >> 29)) * p3 & mask
    return state ^ (state >> 32)
