"""Reads the stereo WAV files that `tapdeck export` writes."""

import array
import wave


def channels(path):
    """(sample rate, samples of the left channel, samples of the right channel)."""
    with wave.open(path, "rb") as file:
        if file.getnchannels() != 2 or file.getsampwidth() != 2:
            raise AssertionError(f"{path}: {file.getnchannels()} channels of "
                                 f"{8 * file.getsampwidth()} bits, not stereo of 16 bits")
        samples = array.array("h", file.readframes(file.getnframes()))
        return file.getframerate(), samples[0::2], samples[1::2]


def find_audio(channel, reference):
    """Offset in samples at which `channel` holds exactly `reference`, or -1."""
    needle = array.array("h", reference).tobytes()
    haystack = array.array("h", channel).tobytes()
    offset = haystack.find(needle)
    while offset % 2 == 1:  # a match of bytes that is none of samples
        offset = haystack.find(needle, offset + 1)
    return offset // 2 if offset >= 0 else -1
