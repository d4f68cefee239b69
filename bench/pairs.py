"""What interleaved runs of two programs say about their ratio. No figure of one run is believed by
itself: a machine that does other things as well is slow for minutes, but then for both. So each run
of the one is held against the run of the other beside it."""

import statistics
from math import comb


def order(rounds):
    """In which order to run: A B, B A, A B ... so that neither is always the first."""
    return [("before", "after") if i % 2 == 0 else ("after", "before") for i in range(rounds)]


def interval(values, confidence=0.95):
    """(low, high, confidence) of the median of which `values` are a sample, from their ranks alone:
    no distribution is assumed. With too few values for `confidence`: all of them, and what that
    gives."""
    values = sorted(values)
    count = len(values)

    def coverage(cut):  # of the interval without the `cut` lowest and highest values
        return 1 - 2 * sum(comb(count, i) for i in range(cut + 1)) / 2 ** count

    cut = 0
    while cut + 1 < count // 2 and coverage(cut + 1) >= confidence:
        cut += 1
    return values[cut], values[count - 1 - cut], max(coverage(cut), 0.0)


def compare(before, after, confidence=0.95):
    """The ratio after / before of costs measured in pairs, and whether it tells anything."""
    if len(before) != len(after) or not before:
        raise ValueError("runs come in pairs")
    if min(*before, *after) <= 0:
        raise ValueError("a cost is a positive number")
    ratios = [b / a for a, b in zip(before, after)]
    low, high, reached = interval(ratios, confidence)
    verdict = "same"
    if reached >= confidence and high < 1:
        verdict = "faster"
    if reached >= confidence and low > 1:
        verdict = "slower"
    if reached < confidence:
        verdict = "too few runs"
    return {"before": statistics.median(before), "after": statistics.median(after),
            "ratio": statistics.median(ratios), "low": low, "high": high, "confidence": reached,
            "min": min(ratios), "max": max(ratios), "pairs": len(ratios), "verdict": verdict}
