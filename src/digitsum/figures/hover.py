"""What a page shows where the pointer rests on a part of a figure."""

from collections.abc import Sequence

from matplotlib.artist import Artist

HOVER, BETWEEN = "hover:", "¦"


def hover(artist: Artist, words: Sequence[str]) -> None:
    """One text a marker, or one for all of the artist; they ride in its id."""
    artist.set_gid(HOVER + BETWEEN.join(words))
