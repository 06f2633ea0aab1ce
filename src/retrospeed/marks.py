"""The mark that ``asv compare`` prints beside a benchmark, from our own reading of the files and our own statistics.

Rules as in ``asv.commands.compare`` of asv 0.6.6. The verdict is stricter: it looks at the bound of the interval and
at absolute floors.
"""

from retrospeed.effect import differs
from retrospeed.measurement import Measurement, Outcome

WORSE, BETTER, FAILURE, FIXED, INCOMPARABLE, SAME, INSIGNIFICANT = "+", "-", "!", "*", "x", " ", "~"


def asv_mark(base: Measurement, head: Measurement, factor: float, *, same_version: bool) -> str:
    """asv's mark at `factor` (1.1 for 10 %), for which lower is always better.

    ``~`` stands for asv's tilde in the column of ratios: beyond the factor, but not significant.
    """
    if not same_version:
        return INCOMPARABLE
    if head.outcome is Outcome.FAILED:
        return SAME if base.outcome is Outcome.FAILED else FAILURE
    if base.outcome is Outcome.FAILED:
        return FIXED
    if base.value is None or head.value is None:
        return SAME
    beyond = head.value < base.value / factor or base.value < head.value / factor
    if not beyond:
        return SAME
    if base.is_sampled and head.is_sampled and not differs(base, head)[0]:
        return INSIGNIFICANT
    return BETTER if head.value < base.value / factor else WORSE
