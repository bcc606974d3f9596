"""This tool on the same case: linking, hallmarks and judgement as `forensics investigate` does them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from forensics.case.store import Case
from forensics.common.schema import of_operator
from forensics.common.settings import Settings
from forensics.pipeline.stages import investigate


def main() -> None:
    """One run on a copy of the case; alerts go beside the members."""
    folder, result = Path(sys.argv[1]), Path(sys.argv[2])
    home = result.with_suffix(".case")
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(folder / "case", home)
    with Case.locked(home) as case:
        investigate(case, Settings())
        members = of_operator(case.scan("members")).select("network_id", "account_id")
        members.join(case.scan("networks").select("network_id", "alert"), on="network_id").collect().write_parquet(
            result
        )
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
