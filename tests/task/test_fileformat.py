from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitsum.errors import UserError
from digitsum.task.examples import Examples
from digitsum.task.fileformat import decode, encode, read
from digitsum.writing import write_aside


def test_a_line_is_what_the_format_says() -> None:
    examples = Examples(np.array([[6, 7, 0, 0, 1]]), np.array([13]))
    assert encode(examples) == b"6 7 0 0 1\t13\n"


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=1, max_size=20))
def test_files_round_trip(rows: list[list[int]]) -> None:
    digits = np.array(rows)
    back = decode(encode(Examples(digits, digits[:, 0] + digits[:, 1])), "file")
    assert back.digits.tolist() == rows
    assert back.labels.tolist() == [row[0] + row[1] for row in rows]


def tidied(content: bytes) -> bytes:
    """What a readable file is, said once more and otherwise: blanks squeezed, the last a tab."""
    lines = content.removeprefix(b"\xef\xbb\xbf").rstrip().splitlines()
    items = [line.split() for line in lines]
    return b"".join(b" ".join(one[:-1]) + b"\t" + one[-1] + b"\n" for one in items)


blanks = st.text(" \t", min_size=1, max_size=3)


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=1, max_size=5),
    st.data(),
)
def test_what_editors_do_to_a_file_reads_back_the_same(
    rows: list[list[int]], data: st.DataObject
) -> None:
    digits = np.array(rows)
    examples = Examples(digits, digits[:, 0] + digits[:, 1])
    text = encode(examples).decode()
    mangled = "".join(data.draw(blanks) if one == " " else one for one in text)
    mangled = mangled.replace("\t", f"{data.draw(st.text(' ', max_size=2))}\t", 1)
    ends = data.draw(st.sampled_from(["\n", "\r\n", " \n", "\t \r\n"]))
    mangled = mangled.replace("\n", ends)
    mangled += data.draw(st.sampled_from(["", "\n", "\r\n\r\n", "  \n\t\n"]))
    if data.draw(st.booleans()):
        mangled = mangled.rstrip()
    content = data.draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + mangled.encode()
    back = decode(content, "file")
    assert encode(back) == encode(examples)


@given(st.binary(max_size=200) | st.text("0123456789 \t\n", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused_by_line(content: bytes) -> None:
    try:
        examples = decode(content, "file")
    except UserError as error:
        refused = str(error)
    else:
        assert tidied(content) == encode(examples)
        return
    assert refused.startswith("file:")
    assert "\n" not in refused


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "f:1: the file is empty"),
        (b"\xef\xbb\xbf\r\n \n", "f:1: the file is empty"),
        (b"1 2 0\t3\n1 2 0 3\n", "f:2: found no tab in '1 2 0 3'"),
        (b"0 " * 20 + b"\n", f"f:1: found no tab in '{'0 ' * 20}';"),  # forty are shown
        (b"0 " * 20 + b"0\n", f"f:1: found no tab in '{'0 ' * 18}0...';"),
        (b"1 2 0\t3\t4\n", "f:1: label is '4'"),
        (b"1 2\t0 3\n", "f:1: found 2 digit"),
        (b"1 2 0 3\t\n", "f:1: found no tab"),
        ("1\u00a02 0\t3\n".encode(), "f:1: item 1 is '1\\xa02'"),
        ("1 2 0\t3\n".encode("utf-16"), "f:1: byte 1 is 0xff, not UTF-8"),
        (b"1 x 0\t3\n", "f:1: item 2 is 'x'"),
        (b"1 12 0\t3\n", "f:1: item 2 is '12'"),
        ("1 ٣ 0\t4\n".encode(), "f:1: item 2 is '٣'"),
        (b"1 2\t3\n", "f:1: found 2 digit"),
        (b"1 2 0\t3\n1 2 0 0\t3\n", "f:2: found 4 digits; 3 are expected"),
        (b"1 2 0\t4\n", "f:1: label is '4'; it must be 3, the sum of 1 and 2"),
        (b"1 2 0\t03\n", "f:1: label is '03'"),
        (b"1 2 0\t3\r1 2 0\t3\r", "f:1: item 4 is '3\\r1'"),
        (b"1 2 0\t3\n\n1 2 0\t3\n", "f:2: a blank line"),
        (b"1 2 0\t3\n\xff 2 0\t3\n", "f:2: byte 1 is 0xff, not UTF-8"),
    ],
)
def test_bad_lines_are_named(content: bytes, message: str) -> None:
    with pytest.raises(UserError) as error:
        decode(content, "f")
    assert str(error.value).startswith(message)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be read"):
        read(tmp_path / "none.txt")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_aside(target, b"content")  # renaming over a folder fails after the write
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
