"""Random texts for the tokenizer's oracle: many scripts, broken UTF-8, runs, added tokens."""

import unicodedata

ADDED = ["<think>", "</think>", "<answer>", "</answer>", "<|im_start|>", "<|im_start|>user",
         "<|endoftext|>"]

# Code points by script: first and last of a range.
SCRIPTS = {
    "latin": [(0x41, 0x5a), (0x61, 0x7a), (0x61, 0x7a), (0xc0, 0x24f), (0x1e00, 0x1eff)],
    "ascii": [(0x61, 0x7a)],
    "cyrillic": [(0x410, 0x44f), (0x400, 0x52f)],
    "greek": [(0x391, 0x3c9), (0x1f00, 0x1fff)],
    "hebrew": [(0x5d0, 0x5ea), (0x591, 0x5c7)],
    "arabic": [(0x620, 0x64a), (0x64b, 0x65f), (0x660, 0x6d3)],
    "devanagari": [(0x904, 0x939), (0x93a, 0x94f), (0x958, 0x96f)],
    "bengali_tamil": [(0x985, 0x9b9), (0x9bc, 0x9d7), (0xb85, 0xbd7)],
    "thai": [(0xe01, 0xe3a), (0xe40, 0xe5b)],
    "georgian_armenian": [(0x10a0, 0x10ff), (0x531, 0x587)],
    "ethiopic": [(0x1200, 0x1248)],
    "tibetan": [(0xf40, 0xf6c), (0xf71, 0xf84)],
    "han": [(0x4e00, 0x9fff), (0x4e00, 0x4fff), (0x3400, 0x4dbf)],
    "rare_han": [(0x20000, 0x2a6df), (0x2ebf0, 0x2ee5d), (0xf900, 0xfad9), (0x31350, 0x323af)],
    "kana": [(0x3040, 0x30ff), (0xff61, 0xff9f)],
    "hangul": [(0xac00, 0xd7a3)],
    "jamo": [(0x1100, 0x1112), (0x1161, 0x1175), (0x11a8, 0x11c2), (0x3131, 0x318e)],
    "marks": [(0x300, 0x36f), (0x1ab0, 0x1ace), (0x20d0, 0x20f0)],
    "digits": [(0x30, 0x39)],
    "numbers": [(0x30, 0x39), (0x660, 0x669), (0x2150, 0x218b), (0xb2, 0xb3), (0x1d7ce, 0x1d7ff)],
    "punctuation": [(0x21, 0x2f), (0x3a, 0x40), (0x5b, 0x60), (0x7b, 0x7e), (0x2010, 0x2027)],
    "symbols": [(0x2190, 0x22ff), (0xa1, 0xbf), (0x20a0, 0x20bf)],
    "spaces": [(0x20, 0x20), (0x9, 0xd), (0x20, 0x20), (0x85, 0x85), (0xa0, 0xa0), (0x2000, 0x200b),
               (0x2028, 0x202f), (0x3000, 0x3000), (0x180e, 0x180e), (0xfeff, 0xfeff)],
    "controls": [(0x0, 0x1f), (0x7f, 0x9f), (0xe0001, 0xe007f), (0x200c, 0x200f)],
    "emoji": [(0x1f300, 0x1f64f), (0x1f900, 0x1f9ff), (0x2600, 0x27bf)],
    "later": [(0x1c89, 0x1c8a), (0xa7cb, 0xa7dc), (0x10d40, 0x10d8f), (0x1133a, 0x113e2),
              (0x16100, 0x16d79), (0x1e5d0, 0x1e5fa), (0x11935, 0x11943)],
    "any": [(0x0, 0xd7ff), (0xe000, 0x10ffff), (0x0, 0x2fff)],
}
EMOJI = ["👍🏽", "👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "🏴\U000e0067\U000e0062\U000e007f", "❤️‍🔥", "1️⃣", "🤷🏿‍♀️", "👩🏻‍🚀"]
CONTRACTIONS = ["'s", "'S", "'ll", "'LL", "'Ll", "'re", "'ve", "'m", "'d", "'t", "don't", "'ſ", "it'ſ",
                "''s", "' s", "'lx", "’s", "'re'", "O'Brien's", "'", "\"'", "'D", "'\u0301s"]
PHRASES = ["the", " quick brown fox", " 3 + 4 * 5 = 23", "x²", "e\u0301", "Å", "ﬁ", "<think", "think>",
           "<|", "|>", "<|endoftext", "    def f(x):\n        return x\n", "{\"a\": [1, 2.5]}",
           "#include <vector>\r\n", "http://example.org/a?b=c&d=%20", "\n\n", "   ", "  \n  ", " \r\n",
           "\t\t", " \n", "...!?", "–—", "12345678", "1,000.50", "０１２", "ｆｕｌｌ", "ħello", "İi", "ß"]


def word(rng):
    ranges = SCRIPTS[rng.choice(list(SCRIPTS))]
    points = [rng.randint(*rng.choice(ranges)) for _ in range(rng.randint(1, 9))]
    return "".join(chr(c) for c in points if not 0xd800 <= c < 0xe000)


def broken(rng):
    """What is left of bytes that are no UTF-8: the bytes, replaced as Python replaces them."""
    data = bytearray(word(rng).encode() + rng.choice(EMOJI).encode())
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] = rng.choice([0x80, 0xbf, 0xc0, 0xe2, 0xed, 0xf0, 0xf5, 0xff, 0x41])
    return bytes(data[rng.randint(0, 3):len(data) - rng.randint(0, 3)])


def fragment(rng):
    """A piece of a text, as bytes; not always UTF-8."""
    kind = rng.random()
    if kind < 0.5:
        text = word(rng)
        if rng.random() < 0.2:
            text = unicodedata.normalize(rng.choice(["NFD", "NFC", "NFKD"]), text)
    elif kind < 0.6:
        text = rng.choice(CONTRACTIONS)
    elif kind < 0.75:
        text = rng.choice(PHRASES)
    elif kind < 0.82:
        text = rng.choice(ADDED)
    elif kind < 0.86:
        text = rng.choice(EMOJI)
    elif kind < 0.88:
        one = rng.choice([" ", "\n", "7", "0", "a", "\t", "\r\n", "=", "é", "中", "\u0301", "가", "😀"])
        text = one * rng.randint(2, 120)
    elif kind < 0.94:
        text = rng.choice([" ", "  ", "\n", "\t", ""]) + rng.choice(PHRASES)
    else:
        return broken(rng)
    return text.encode()


def random_texts(rng, count, num_fragments=40_000):
    """`count` different byte strings."""
    fragments = [fragment(rng) for _ in range(num_fragments)]
    texts = set()
    while len(texts) < count:
        texts.add(b"".join(rng.choices(fragments, k=rng.choice((1, 2, 3, 4, 5, 7)))))
    return sorted(texts)


def telling_code_points():
    """All up to U+33FF; above, where large blocks lie, every 61st and those at a border."""
    category = unicodedata.category
    for c in range(0x110000):
        if 0xd800 <= c < 0xe000:
            continue
        if c < 0x3400 or c % 61 == 0 or category(chr(c)) != category(chr(c - 1)) or (
                c + 1 < 0x110000 and category(chr(c)) != category(chr(c + 1))):
            yield chr(c)


def code_point_texts():
    """Each beside a letter, a digit, a blank, a newline, an apostrophe, a mark and itself."""
    points = list(telling_code_points())
    for i in range(0, len(points), 16):
        yield "".join(f"a{c}1{c} {c}{c}\n{c}'{c}\u0301" for c in points[i:i + 16]).encode()
