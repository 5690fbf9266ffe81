"""
Made again: records
===================

Every picture that seewhy writes holds a record of photo, model, question and map. Months later it can
be made again and compared.
"""

import shutil
import tempfile
from pathlib import Path

from PIL import Image

import seewhy
from seewhy.data import FOLDER

work = tempfile.TemporaryDirectory()
photo = shutil.copy(FOLDER / "chelsea.png", work.name)
written = seewhy.explain("efficientnet-lite0", photo, target="lynx").save(
    Path(work.name, "lynx.png")
)
again = seewhy.reproduce(written)
print(again.verdict)
Image.open(written).convert("RGB")

# %%
# What the record holds.

record = seewhy.explain("efficientnet-lite0", photo, target="lynx").record.as_dict()
print(", ".join(record))
print(record["question"])
work.cleanup()

# %%
# On the command line: ``seewhy reproduce lynx.png``. ``record=False`` and ``--no-record`` write none.
