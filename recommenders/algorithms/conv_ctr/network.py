"""The network in Keras: only training imports this module, because it imports TensorFlow."""

import os
import tempfile
from pathlib import Path

# Read once, at import. Winnow's export is TensorFlow's, whatever a user's keras.json prefers.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers
from keras.initializers import GlorotUniform, RandomUniform

from recommenders.algorithms.base import Progress
from recommenders.algorithms.conv_ctr.config import ConvCtrConfig
from recommenders.algorithms.conv_ctr.examples import Batch, Examples

FILTERS = 64
WIDTH = 5
HIDDEN = 64
_REPORTS_PER_EPOCH = 10


class Network:
    """Embedding -> Conv1D -> max over time, joined with the candidate's embedding -> two Dense.

    `over(n)` gives a model of one history and n candidates: the history is encoded once and its
    vector repeated beside each candidate, which is what makes both the negatives of training and
    the candidates of serving cheap. All models of a network share its weights.
    """

    def __init__(
        self, *, n_items: int, embedding_size: int, history_length: int, seed: int
    ) -> None:
        self._history_length = history_length
        self._items = layers.Embedding(
            n_items + 1, embedding_size, embeddings_initializer=RandomUniform(seed=seed)
        )
        self._conv = layers.Conv1D(
            FILTERS, WIDTH, activation="relu", kernel_initializer=GlorotUniform(seed=seed + 1)
        )
        self._hidden = layers.Dense(
            HIDDEN, activation="relu", kernel_initializer=GlorotUniform(seed=seed + 2)
        )
        self._logit = layers.Dense(1, kernel_initializer=GlorotUniform(seed=seed + 3))

    def over(self, candidates: int, *, batch_size: int | None = None) -> keras.Model:
        """history (batch, history_length), candidates (batch, n) -> logits (batch, n)."""
        history = keras.Input(
            (self._history_length,), batch_size=batch_size, dtype="int32", name="history"
        )
        shown = keras.Input((candidates,), batch_size=batch_size, dtype="int32", name="candidates")
        # Padding is silenced: a short history must not be read as a run of one certain item.
        present = keras.ops.expand_dims(keras.ops.cast(history > 0, "float32"), -1)
        read = self._conv(layers.Multiply()([self._items(history), present]))
        user = layers.RepeatVector(candidates)(layers.GlobalMaxPooling1D()(read))
        joined = layers.Concatenate()([user, self._items(shown)])
        logits = layers.Reshape((candidates,))(self._logit(self._hidden(joined)))
        return keras.Model({"history": history, "candidates": shown}, logits)


def train(
    examples: Examples, config: ConvCtrConfig, *, n_items: int, seed: int, progress: Progress
) -> Network:
    """Fit a network with Adam and binary cross-entropy; progress goes from 0 to 1."""
    network = Network(
        n_items=n_items,
        embedding_size=config.embedding_size,
        history_length=config.history_length,
        seed=seed,
    )
    model = network.over(1 + config.negatives)
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=False,  # XLA on a CPU is slower here
    )
    rng = np.random.default_rng(seed)
    for epoch in range(config.epochs):
        batch = examples.draw(rng, config.examples)
        report = _Report(progress, epoch, config.epochs)
        loss = _epoch(model, batch, config.batch_size, report)
        progress(
            (epoch + 1) / config.epochs,
            f"Epoch {epoch + 1} of {config.epochs}",
            {"epoch": epoch + 1.0, "loss": loss},
        )
    return network


def export(network: Network, *, candidates: int) -> bytes:
    """The network over one history and `candidates` candidates, as a LiteRT flatbuffer."""
    model = network.over(candidates, batch_size=1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.tflite"
        model.export(path, format="litert", verbose=False)
        return path.read_bytes()


def _epoch(model: keras.Model, batch: Batch, batch_size: int, report: "_Report") -> float:
    labels = np.zeros(batch.candidates.shape, np.float32)
    labels[:, 0] = 1.0
    fitted = model.fit(
        {"history": batch.histories, "candidates": batch.candidates},
        labels,
        batch_size=batch_size,
        shuffle=False,  # drawn in random order already, and from our own generator
        verbose=0,
        callbacks=[report],
    )
    return float(fitted.history["loss"][-1])


class _Report(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells how far an epoch has come, a few times."""

    def __init__(self, progress: Progress, epoch: int, epochs: int) -> None:
        super().__init__()
        self._progress, self._epoch, self._epochs = progress, epoch, epochs

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        steps = self.params["steps"]
        if (batch + 1) % max(1, steps // _REPORTS_PER_EPOCH) == 0 and batch + 1 < steps:
            done = (self._epoch + (batch + 1) / steps) / self._epochs
            self._progress(done, f"Epoch {self._epoch + 1} of {self._epochs}", None)
