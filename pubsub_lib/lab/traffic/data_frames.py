"""Makes tables, and is the one place of the traffic that needs pandas, when a table is asked for.

Traffic itself also runs in a browser, where pandas and NumPy are large downloads.

>>> data_frame([(1, "fast"), (2, "slow")], columns=["number", "subscriber"])
   number subscriber
0       1       fast
1       2       slow
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def data_frame(rows: Iterable[Sequence[object]], *, columns: Sequence[str]) -> "pd.DataFrame":
    """Return a table with these rows, and these columns even if there is no row."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns))
