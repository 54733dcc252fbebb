"""Importing annette loads NumPy and nothing heavier."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "h5py", "rich", "matplotlib", "pandas", "jax", "sklearn", "click", "tensorflow", "keras",
    "typer", "scipy", "inspect", "dataclasses", "ml_dtypes", "torch", "tqdm", "PIL",
)  # fmt: skip


def loaded_by(code):
    """Return the names of the top-level modules that are loaded after `code`."""
    text = f"{code}\nimport sys; print(*sorted(set(m.partition('.')[0] for m in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert not done.stderr
    return set(done.stdout.split())


def test_importing_annette_loads_nothing_heavy():
    before, after = loaded_by("import numpy"), loaded_by("import annette")
    assert not (after - before) & set(HEAVY)


def test_training_a_model_in_silence_loads_nothing_heavy():
    after = loaded_by(
        "import annette as keras, numpy as np\n"
        "model = keras.Sequential([keras.layers.Dense(2)])\n"
        "model.compile('adam', 'mse')\n"
        "model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)\n"
        "model.predict(np.ones((4, 3)), verbose=0)"
    )
    assert not after & {"jax", "tensorflow", "keras", "matplotlib", "sklearn", "h5py", "torch"}


def test_import_leaves_numpys_settings_alone():
    text = (
        "import numpy as np, warnings\n"
        "before = np.geterr(), np.get_printoptions(), len(warnings.filters)\n"
        "import annette\n"
        "assert before == (np.geterr(), np.get_printoptions(), len(warnings.filters))"
    )
    subprocess.run([sys.executable, "-c", text], check=True)


def test_the_lazy_names_are_there():
    text = "import annette\nfor name in annette._LAZY:\n    getattr(annette, name)\n"
    subprocess.run([sys.executable, "-c", text], check=True)
