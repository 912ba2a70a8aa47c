"""Loading Keras without TensorFlow's greetings, which say nothing to the people who read them."""

from __future__ import annotations

import logging
import os
import sys
import tempfile


def quiet_keras() -> None:
    """Import Keras; show what it writes to standard error only if the import fails.

    TensorFlow writes before its own log level applies, so the file descriptor is turned away
    while it loads. Its oneDNN kernels stay on: training is two to three times slower without.
    """
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as aside:
        kept = os.dup(2)
        os.dup2(aside.fileno(), 2)
        try:
            import keras  # noqa: F401
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    # It warns of "retracing" wherever a session trains several networks, as ours all do. Not before
    # the import: in a notebook TensorFlow sets its level itself while it loads.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
