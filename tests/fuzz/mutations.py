"""Valid files made wrong, as bytes and as values: what a slip, a bad disk or an ill will leaves."""

import copy
import io
import json
import re
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from eurasia_sim.files.integrity import sealed
from eurasia_sim.files.page import parse
from eurasia_sim.simulation.results import table_bytes

_RAW, _AGAIN = "@raw:", "@again:"  # text that is written as it is; a key that is there already
_DEEP = 40  # more than any reader's limit
NUMBERS = [0, -1, 1, 0.5, 3, 7, 2**31, 2**63, 10**299, -1e308, 5e-324, 1e9, -0.0]
TEXTS = [
    "", " ", "nobody", "russia", "free", "all", "declared", "2021-13", "2021-08", "0001-01", "1",
    "a.b", "russia-china", "*", "x" * 3000, "é" * 9, "\u0000", "\ud800", "\u202e", "[/b]$_{<&%s",
    "../..", "/",
]  # fmt: skip
RAW = [
    ".nan", ".inf", "-.inf", "1e400", "1" * 400, "*nothing", "&a [*a]", "!!python/name:os.system x",
    "2021-08-01", "~", "0x1F", "- - -", "? [a]", "{", "|",
]  # fmt: skip
RAW_JSON = ["NaN", "-Infinity", "1e400", "1" * 5000, "[", "'a'", '{"a": 1, "a": 2}']
CHUNKS = [
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\n", b"\r", b"\t", b": ", b"- ", b"'",
    b'"', b"{", b"}]", b"&a ", b"*a", b"<<: *a\n", b"---\n", b"!!set ", b"#", b"1e999", b",,,",
    b"\x1b[31m", b"{" * 3000, b"[" * 99,
]  # fmt: skip
CELLS = [
    *map(str, NUMBERS), *(text for text in TEXTS if text != "\ud800"), "nan", "inf", "1e400",
    "9" * 5000, '"', '"a\nb"', "²", "٣",
]  # fmt: skip
COLUMNS: list[list[Any]] = [
    [None], [[1.0]], [{"a": 1}], [b"x"], [pd.Timestamp(0)], [True], ["text"], [float("nan")],
    [float("inf")], [-1], [2**62], [0.1], [pd.Timedelta(1)], [""],
]  # fmt: skip
NESTED: list[Any] = [
    [], {}, [[]], [None], {"": None}, {"a": 1}, {"a": {"b": [1]}}, [1, 2], ["a"],
]  # fmt: skip


def wrong_of(suffix: str, content: bytes, *, is_sealed: bool) -> st.SearchStrategy[bytes]:
    """Wrong contents of a file, of the kind that its name ends in; some with a digest that fits."""
    wrong = damaged(content)
    if suffix == ".yaml":
        texts = mutated(parse(content, "valid", 8).data, RAW).map(yaml_text)
        wrong |= texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
    elif suffix == ".json":
        tree = json.loads(content)

        def written(changed: Any, seal: bool) -> bytes:
            is_whole = is_sealed and seal and isinstance(changed, dict)
            return json_text(sealed(changed) if is_whole else changed).encode()

        wrong |= st.builds(written, mutated(tree, RAW_JSON), st.booleans())
        wrong |= st.builds(written, mutated(tree, []), st.just(True))
    elif suffix == ".csv":
        wrong |= damaged_table(content.decode())
    elif suffix == ".parquet":
        wrong |= frames(pd.read_parquet(io.BytesIO(content)))
    return wrong


def yaml_text(tree: Any) -> str:
    """Values as YAML that spells hostile words out; JSON is YAML."""
    text = json.dumps(tree, indent=0, allow_nan=True).replace("NaN", ".nan")
    return re.sub(rf'"{_RAW}([^"]*)"', r"\1", text).replace(_AGAIN, "").replace("Infinity", ".inf")


def json_text(tree: Any) -> str:
    """Values as JSON that spells hostile words out."""
    raw = rf'"{_RAW}((?:[^"\\]|\\.)*)"'
    return re.sub(raw, lambda m: json.loads(f'"{m[1]}"'), json.dumps(tree)).replace(_AGAIN, "")


@st.composite
def mutated(draw: st.DrawFn, tree: Any, raw: list[str]) -> Any:
    """A tree with one to three of its entries made wrong."""
    words = st.sampled_from([_RAW + word for word in raw] or TEXTS)
    plain = st.sampled_from([None, True, False, *NUMBERS, *TEXTS])
    wrong = st.one_of(plain, st.floats(), words, st.sampled_from(NESTED).map(copy.deepcopy))
    tree = [copy.deepcopy(tree)]
    for _ in range(draw(st.integers(1, 3))):
        (parent, key), (other, there) = _chosen(draw, tree), _chosen(draw, tree)
        value, is_dict = parent[key], isinstance(parent, dict)
        ways = ["put", "put", "put", "delete", "rename", "again", "nest", "swap", "misspell"]
        how = draw(st.sampled_from(ways))
        if how == "delete" and parent is not tree:
            del parent[key]
        elif how == "rename" and is_dict:
            parent[draw(st.sampled_from([*TEXTS, f"{key}s", f"{key}.x"]))] = parent.pop(key)
        elif how == "again" and is_dict:
            parent[_AGAIN + str(key)] = draw(wrong | st.just(value))
        elif how == "again" and parent is not tree:
            parent.append(copy.deepcopy(value))
        elif how == "nest":
            for _ in range(draw(st.sampled_from([1, 2, _DEEP]))):
                value = draw(st.sampled_from([[value], {"a": value}]))
            parent[key] = value
        elif how == "swap":
            parent[key], other[there] = copy.deepcopy(other[there]), value
        elif how == "misspell" and isinstance(value, str):
            parent[key] = value[:-1] + draw(st.sampled_from(["x", "", ".y", "-z", " "]))
        else:
            parent[key] = draw(wrong)
    return tree[0]


def _chosen(draw: st.DrawFn, tree: Any) -> tuple[Any, Any]:
    """A container and a key of it, as likely high up as far down."""
    parent, key = tree, 0
    while isinstance(below := parent[key], dict | list) and below and draw(st.integers(0, 4)):
        parent = below
        key = draw(st.sampled_from(list(below) if isinstance(below, dict) else range(len(below))))
    return parent, key


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes with some of them flipped, cut, put in, said twice, or in another encoding."""
    at = draw(st.integers(0, len(content)))
    to = min(len(content), at + draw(st.sampled_from([1, 2, 9, 99, 999])))
    near = min(to, at + 9)
    encoding = draw(st.sampled_from(["utf-16", "utf-32", "utf-8-sig", "utf-7"]))
    chunk, bit = draw(st.sampled_from(CHUNKS)), 1 << draw(st.integers(0, 7))
    ways = {
        "encode": content.decode("utf-8", "replace").encode(encoding),
        "end": content[:at],
        "cut": content[:at] + content[to:],
        "put": content[:at] + chunk + content[at:],
        "twice": content[:to] + content[at:],
        "flip": content[:at] + bytes(each ^ bit for each in content[at:near]) + content[near:],
    }
    return ways[draw(st.sampled_from([*ways, "put", "flip"]))]


@st.composite
def damaged_table(draw: st.DrawFn, text: str) -> bytes:
    """A table of comma-separated values with cells, columns or lines made wrong."""
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(draw(st.integers(1, 3))):
        row = rows[min(draw(st.sampled_from([0, 1, 2, 9, 99])), len(rows) - 1)]
        at = draw(st.integers(0, max(len(row) - 1, 0)))
        ways = {
            "put": [*row[:at], draw(st.sampled_from(CELLS)), *row[at + 1 :]],
            "delete": [*row[:at], *row[at + 1 :]],
            "again": [*row[: at + 1], *row[at:]],
            "swap": row[at:] + row[:at],
        }
        how = draw(st.sampled_from([*ways, "put", "put", "line"]))
        if how == "line":
            rows.append(list(row))
        else:
            row[:] = ways[how]
    return "\n".join(map(",".join, rows)).encode()


@st.composite
def frames(draw: st.DrawFn, table: pd.DataFrame) -> bytes:
    """A table of parquet with a column of another type, name or length, or with none."""
    name = draw(st.sampled_from(list(table)))
    how = draw(st.sampled_from(["type", "type", "drop", "rename", "rows", "again"]))
    if how == "type":
        column = pd.Series(draw(st.sampled_from(COLUMNS)) * len(table), table.index)
        return table_bytes(table.assign(**{name: column}))
    other = draw(st.sampled_from(["", "nobody", f"{name}.x", "x.y"]))
    rows = draw(st.integers(0, len(table) - 1))
    changed = {
        "drop": table.drop(columns=name), "rename": table.rename(columns={name: other}),
        "rows": table.iloc[:rows], "again": pd.concat([table, table]),
    }  # fmt: skip
    return table_bytes(changed[how])
