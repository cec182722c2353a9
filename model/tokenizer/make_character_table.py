#!/usr/bin/env python3
"""Writes character_table.cc: what PyPI's `tokenizers` takes each code point for.

Asks the package itself, so that Hone splits and normalises by the same Unicode versions, which are
several: one of its regular expressions, another of NFC.

usage: .deps/venv/bin/python model/tokenizer/make_character_table.py
"""

import pathlib
import unicodedata

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

CLASSES = [r"\p{L}", r"\p{N}", r"\s", r"\p{M}", r"\p{P}", r"\p{S}"]  # 1, 2, …; 0: none of them
WORD, MOVING = 8, 16
POINTS = [c for c in range(0x110000) if not 0xd800 <= c < 0xe000]


def members(pattern):
    """The code points that a class of the regular expressions holds."""
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    found = set()
    for i in range(0, len(POINTS), 4096):
        for text, _ in split.pre_tokenize_str("".join(map(chr, POINTS[i:i + 4096]))):
            found.update(map(ord, text))
    return found


def word_characters():
    """Those beside which an added token with single_word is not found."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.add_tokens([AddedToken("|x|", single_word=True, normalized=False)])
    encodings = tokenizer.encode_batch([chr(c) + "|x|" for c in POINTS])
    return {c for c, encoding in zip(POINTS, encodings) if not encoding.ids}


def moving_characters():
    """Those that NFC changes, orders by their class, or joins to what stands before."""
    nfc = normalizers.NFC().normalize_str
    moving = {c for c in POINTS if nfc(chr(c)) != chr(c)}
    for c in POINTS:
        # The classes of U+0345 and U+0334 are the highest and the lowest.
        for text in ("a\u0345" + chr(c), chr(c) + "\u0334"):
            if nfc(text) != text and nfc(chr(c)) == chr(c):
                moving.add(c)
    for c in POINTS:
        parts = unicodedata.decomposition(chr(c)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            pair = [int(part, 16) for part in parts]
            if nfc("".join(map(chr, pair))) != "".join(map(chr, pair)):
                moving.add(pair[1])
    moving.update(range(0x1161, 0x1176))  # the second and third parts of Hangul syllables
    moving.update(range(0x11a8, 0x11c3))
    return moving


def main():
    bits = dict.fromkeys(range(0x110000), 0)
    for value, pattern in enumerate(CLASSES, 1):
        for c in members(pattern):
            assert bits[c] == 0, hex(c)
            bits[c] = value
    for flag, points in ((WORD, word_characters()), (MOVING, moving_characters())):
        for c in points:
            bits[c] |= flag
    runs = [f"0x{c:x}{bits[c]:02x}" for c in range(0x110000) if c == 0 or bits[c] != bits[c - 1]]
    lines, line = [], "   "
    for run in runs:
        if len(line) + len(run) + 2 > 100:
            lines.append(line)
            line = "   "
        line += f" {run},"
    lines.append(line)
    path = pathlib.Path(__file__).with_name("character_table.cc")
    path.write_text(
        f"// Written by make_character_table.py from tokenizers {tokenizers.__version__}.\n"
        '#include "model/tokenizer/character_table.h"\n\n'
        "namespace hone {\n\n"
        "// clang-format off\n"
        f"const uint32_t kCharacterRuns[] = {{\n" + "\n".join(lines) + "\n};\n"
        "// clang-format on\n"
        f"const int kNumCharacterRuns = {len(runs)};\n\n"
        "}  // namespace hone\n", encoding="utf-8")


if __name__ == "__main__":
    main()
