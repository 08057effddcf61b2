"""Which settings are told apart by their size's order rather than by their differences."""

_LOGARITHMIC = ("lr", "clip.value", "model.hidden_size", "data.batch_size")


def logarithmic(key: str) -> bool:
    return key in _LOGARITHMIC
