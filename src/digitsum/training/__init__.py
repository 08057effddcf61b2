"""Training R replicas at once: LightningModule, loss, clipping, curves, checkpoints, progress.

Chosen by `optimizer=`, `loss=`, `clip=`, `trainer=`, `logger=` and the `default` of `callbacks=`.
`plain.py` is the reference, `compiled.py` must equal it. Nothing here knows of a run's folder or of
configurations.
"""
