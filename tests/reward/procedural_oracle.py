#!/usr/bin/env python3
"""Checks the procedural tasks and their reward against what others compute.

For each family, thousands of problems of several difficulties are solved from the words of their
question alone: by Python's arithmetic, int(), datetime, networkx, and by trying everything (all
truth assignments, all grids). Right answers, in many notations and all of several, must be judged
correct; wrong ones incorrect; and the answer of each demonstration as this script judges it.

usage: procedural_oracle.py --probe build/tests/reward/procedural_probe
"""
import argparse
import collections
import datetime
import itertools
import json
import pathlib
import random
import re
import subprocess
import sys

import networkx

SEED = 11
PER_SPEC = 500
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
CORRECT, INCORRECT, UNPARSEABLE = "correct", "incorrect", "unparseable"


def ask(probe, lines):
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([probe], input=text, text=True, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


# Each family: from a question to (is_right, right answers, wrong answers), the answers a few of
# many. is_right takes the form that demonstrations use.


def arithmetic(question, rng):
    chain = re.fullmatch(r"What is ([\d +*-]+)\? Answer with a whole number\.", question)[1]
    value = eval(chain)  # digits and operators alone
    right = [str(value), f" {value}\n", f"{value:,}", f"{value}.0", f"{chain} = {value}"]
    wrong = [str(value + rng.choice([-10, -1, 1, 10])), f"{value}5", str(-value or 7)]
    return lambda answer: int(answer) == value, right, wrong


def in_base(value, base):
    digits = ""
    while value or not digits:
        value, digit = divmod(value, base)
        digits = DIGITS[digit] + digits
    return digits


def base_conversion(question, rng):
    found = re.fullmatch(r"Convert (\w+) from base (\d+) to base (\d+)\. Answer with .*", question)
    value, base = int(found[1], int(found[2])), int(found[3])
    digits = in_base(value, base)
    assert int(digits, base) == value and digits != found[1]
    right = [digits, digits.upper(), "0" + digits, f"{digits}_{base}", f"{digits}_{{{base}}}",
             f"{digits} (base {base})", f"\\text{{{digits}}}_{{{base}}}", f"`{digits}`",
             digits + "".join(chr(0x2080 + int(d)) for d in str(base))]
    if base in (2, 8, 16):
        right += [{2: bin, 8: oct, 16: hex}[base](value), {2: bin, 8: oct, 16: hex}[base](value).upper()]
    if base == 2:
        right.append(f"{value:_b}")
    wrong = [in_base(value + rng.choice([-1, 1]), base), digits + "1", "1" + digits]
    return lambda answer: int(answer, base) == value, right, wrong


def boolean_logic(question, rng):
    found = re.fullmatch(r"Find truth values of the variables that make this formula true: (.*)\. "
                         r"Answer with .* in the form (.*)\.", question)
    names = re.findall(r"(\w+) = true", found[2])
    code = compile(to_python(found[1]), "formula", "eval")
    good, bad = [], []
    for values in itertools.product([False, True], repeat=len(names)):
        (good if eval(code, dict(zip(names, values))) else bad).append(values)
    assert 1 <= len(good) <= len(bad) / 3, question

    def write(values, style):
        words = ["true", "false"] if style % 2 else ["T", "F"]
        items = [f"{n} {'=:'[style % 3 % 2]} {words[not v]}" for n, v in zip(names, values)]
        if style == 4:
            return json.dumps(dict(zip(names, values)))
        if style == 5:
            return ", ".join(f"{n.upper()}={int(v)}" for n, v in reversed(list(zip(names, values))))
        return [", ", "\n", "; ", " and "][style].join(items)

    def is_right(answer):
        return dict(part.split(" = ") for part in answer.split(", ")) in [
            dict(zip(names, ("true" if v else "false" for v in values))) for values in good]

    right = [write(values, rng.randrange(6)) for values in good]
    wrong = [write(values, rng.randrange(6)) for values in rng.sample(bad, 3)]
    wrong.append(write(good[0], 1).rsplit("\n", 1)[0])  # a variable is missing
    return is_right, right, wrong


def to_python(formula):
    """The formula for Python, whose `not` binds less than `!=`: (a xor b) as (a) != (b)."""
    tokens = re.findall(r"\w+|[()]", formula)

    def operand():
        token = tokens.pop(0)
        if token == "not":
            return f"(not {operand()})"
        if token == "(":
            inner = expression()
            assert tokens.pop(0) == ")"
            return f"({inner})"
        return token

    def expression():
        left = operand()
        if tokens and tokens[0] in ("and", "or", "xor"):
            op = tokens.pop(0)
            return f"{left} {'!=' if op == 'xor' else op} {operand()}"
        return left

    text = expression()
    assert not tokens, formula
    return text


def calendar(question, rng):
    date = datetime.date.fromisoformat
    if found := re.match(r"What day of the week is (\S+) ", question):
        name = date(found[1]).strftime("%A")
        right = [name, name.lower(), name.upper(), name[:3], name[:3] + ".", f"**{name}**"]
        others = [(date(found[1]) + datetime.timedelta(n)).strftime("%A") for n in (1, 6, 3)]
        return lambda answer: answer == name, right, others
    if found := re.match(r"Which date is (\d+) days? after (\S+) ", question):
        day = date(found[2]) + datetime.timedelta(int(found[1]))
        ordinal = {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10 if day.day // 10 != 1 else 0, "th")
        right = [day.isoformat(), day.strftime("%Y/%m/%d"), day.strftime("%B %d, %Y"),
                 day.strftime("%d %b %Y"), day.strftime("%d.%m.%Y"), day.strftime("%m/%d/%Y"),
                 day.strftime("%A, %B %d, %Y"), f"{day:%B} {day.day}{ordinal}, {day.year}",
                 f"the {day.day}{ordinal} of {day:%B} {day.year}", f"{day.year}-{day.month}-{day.day}"]
        near = [day + datetime.timedelta(n) for n in (-1, 1, 7)]
        wrong = [d.isoformat() for d in near] + [near[0].strftime("%d %B %Y"),
                                                near[1].strftime("%A, ") + day.strftime("%B %d, %Y"),
                                                f"{day.year}-{day.month:02}-00"]
        return lambda answer: answer == day.isoformat(), right, wrong
    found = re.match(r"How many days after (\S+) is (\S+) ", question)
    days = (date(found[2]) - date(found[1])).days
    right = [str(days), f"{days} days", f"{days:,}"]
    return lambda answer: int(answer) == days, right, [str(days + 1), str(days - 1), f"-{days}"]


def shortest_path(question, rng):
    graph = networkx.Graph()
    for a, b, length in re.findall(r"(\w)-(\w) \((\d+)\)", question):
        assert not graph.has_edge(a, b) and a != b
        graph.add_edge(a, b, weight=int(length))
    ends = re.search(r"path from (\w) to (\w)\.", question).groups()
    assert networkx.is_connected(graph)
    best = list(networkx.all_shortest_paths(graph, *ends, weight="weight"))
    assert all(len(path) > 2 for path in best) or len(best) > 1
    forms = [" -> ", "-", ", ", " ", "", "→", " \\to ", " — "]
    right = [rng.choice(forms).join(path) for path in best[:4]]
    right += [f"[{', '.join(best[0])}]", "-".join(best[0]).lower()]
    length = networkx.path_weight(graph, best[0], "weight")
    wrong = ["-".join(best[0][::-1]), "-".join(best[0][:-1]), "-".join(best[0][1:]),
             "-".join(best[0] + best[0][-2:]), "-".join([best[0][0]] + best[0])]
    # A longer path, and a jump where there is no edge.
    for path in itertools.islice(networkx.all_simple_paths(graph, *ends, cutoff=5), 30):
        if networkx.path_weight(graph, path, "weight") > length:
            wrong.append("-".join(path))
            break
    if not graph.has_edge(*ends):
        wrong.append("-".join(ends))
    return lambda answer: answer.split("-") in best, right, wrong


def string_manipulation(question, rng):
    found = re.fullmatch(r"Take the word (\w+) and (.*)\. Which word is the result\?", question)
    word = found[1]
    for step in found[2].split(", then "):
        if step == "reverse it":
            word = word[::-1]
        elif step == "sort its letters alphabetically":
            word = "".join(sorted(word))
        elif step == "swap its first and last letters":
            word = word[-1] + word[1:-1] + word[0] if len(word) > 1 else word
        elif step == "append its last letter once more":
            word += word[-1]
        elif step == "move its first letter to the end":
            word = word[1:] + word[0]
        elif rotate := re.fullmatch(r"move its first (\d+) letters to the end", step):
            word = word[int(rotate[1]):] + word[:int(rotate[1])]
        elif remove := re.fullmatch(r"remove every (\w)", step):
            word = word.replace(remove[1], "")
        else:
            old, new = re.fullmatch(r"replace every (\w) by (\w)", step).groups()
            word = word.replace(old, new)
    assert word
    wrong = [word + "a", word.upper(), word[:-1] or "zz", found[1] if found[1] != word else "q"]
    return lambda answer: answer == word, [word, f'"{word}"', f" {word}\n", f"`{word}`", f"'{word}'"], wrong


def units():
    rows = [[4 * r + c for c in range(4)] for r in range(4)]
    boxes = [[4 * (r + dr) + c + dc for dr in (0, 1) for dc in (0, 1)] for r in (0, 2) for c in (0, 2)]
    return rows + [list(column) for column in zip(*rows)] + boxes


def all_grids():
    rows = list(itertools.permutations("1234"))
    for four in itertools.product(rows, repeat=4):
        cells = sum(four, ())
        if all(len({cells[i] for i in unit}) == 4 for unit in units()):
            yield "".join(cells)


GRIDS = list(all_grids())


def sudoku(question, rng):
    puzzle = re.match(r"Solve the sudoku ([.1-4/]+) whose", question)[1].replace("/", "")
    fits = [g for g in GRIDS if all(p in (".", c) for p, c in zip(puzzle, g))]
    assert len(fits) == 1, question
    rows = [fits[0][i:i + 4] for i in range(0, 16, 4)]
    right = ["/".join(rows), "\n".join(rows), fits[0], "\n".join(" ".join(row) for row in rows),
             "|".join(rows), str([[int(c) for c in row] for row in rows])]
    at = puzzle.index(".")
    swapped = fits[0][:at] + str(int(fits[0][at]) % 4 + 1) + fits[0][at + 1:]
    other = rng.choice([g for g in GRIDS if g != fits[0]])  # solved, but another puzzle
    return lambda answer: answer.replace("/", "") == fits[0], right, [swapped, other, "1" * 16]


SPECS = {
    arithmetic: ["", "num_terms: 2, max_number: 99", "num_terms: 12, max_number: 10000",
                 "operators: '+-', num_terms: 6"],
    base_conversion: ["", "max_value: 100000, min_base: 7, max_base: 36",
                      "max_value: 1000000000, min_base: 2, max_base: 3", "min_base: 8, max_base: 10"],
    boolean_logic: ["", "num_variables: 2, num_operators: 8", "num_variables: 6, num_operators: 12",
                    "num_variables: 5, num_operators: 4"],
    calendar: ["", "min_year: 1600, max_year: 2400, max_days: 20000",
               "min_year: 2024, max_year: 2024, max_days: 366", "max_days: 40"],
    shortest_path: ["", "num_nodes: 12, num_edges: 24, max_length: 3", "num_nodes: 9, num_edges: 14, max_length: 1",
                    "num_nodes: 20, num_edges: 30, max_length: 99"],
    string_manipulation: ["", "word_length: 3, num_operations: 12", "word_length: 30",
                          "word_length: 4, num_operations: 1"],
    sudoku: ["", "num_blanks: 11", "num_blanks: 8", "num_blanks: 4"],
}

# What no family takes for an answer.
NEVER = ["", "I do not know", "yes or no", "?", "{}", "\U0001F600"]


def question_of(prompt):
    return re.search(r"answer here </answer>\. User: (.*) Assistant: <think>$", prompt, re.S)[1]


def tagged(answer):
    return f"some thoughts</think> <answer>{answer}</answer>"


def check(family, problems, rng):
    """Requests for the probe, each with the wanted status and a label."""
    shares = collections.Counter()
    for problem in problems:
        is_right, right, wrong = family(question_of(problem["prompt"]), rng)
        shown = problem["demonstration"]
        for status, answers in ((CORRECT, right), (INCORRECT, wrong)):
            for answer in answers:
                yield problem["answer"], tagged(answer), status, family.__name__
        yield problem["answer"], tagged(rng.choice(NEVER)), UNPARSEABLE, family.__name__
        # The demonstration belongs to a problem of its own, whose record is not known here; its
        # truth is counted.
        is_right, _, _ = family(question_of(shown["prompt"]), rng)
        answer = re.fullmatch(r"(?:[^<>]+\n)+</think> <answer>(.+)</answer>", shown["completion"])[1]
        shares[bool(is_right(answer))] += 1
    share = shares[True] / shares.total()
    print(f"{family.__name__}: {len(problems)} problems, {share:.0%} of the demonstrations right")
    assert 0.2 < share < 0.97, "demonstrations must leave something to learn, and something to copy"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--probe", type=pathlib.Path, required=True)
    args = parser.parse_args()
    rng = random.Random(SEED)
    wrong = 0
    for family, specs in SPECS.items():
        problems = ask(args.probe, [
            {"task": f"{{name: {family.__name__}, prompt_template: r1_zero, heldout: 100, {spec}}}",
             "count": PER_SPEC, "seed": SEED} for spec in specs])
        assert len(problems) == PER_SPEC * len(specs)
        requests = list(check(family, problems, rng))
        verdicts = ask(args.probe, [{"answer": a, "completion": c} for a, c, _, _ in requests])
        for (answer, completion, status, label), verdict in zip(requests, verdicts, strict=True):
            if verdict["status"] != status:
                wrong += 1
                if wrong < 20:
                    print(f"  WRONG {label}: {completion!r} of {answer[:200]}: {verdict}, not {status}")
        print(f"  {len(requests)} answers judged")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
