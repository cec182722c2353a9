"""Compares Hone's chat templates with transformers', text by text.

Conversations: templates of each family (chat_templates.py) through apply_chat_template over random
chats, in folders as published. Expressions: random ones, and whole small templates for what random
ones do not reach. Where transformers raises an error, so must Hone.
"""
import argparse
import datetime
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import warnings

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer
from transformers.utils import chat_template_utils

from chat_templates import FAMILIES


class FixedTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 3, 9, 14, 5, 7)  # the probe's too


chat_template_utils.datetime = FixedTime
warnings.simplefilter("ignore", SyntaxWarning)  # random expressions are odd

# Jinja folds constants as it compiles, and finds nothing where a constant cannot be sliced; a value
# that cannot be sliced is an error in both.
FOLDED = "cannot be sliced"

CONTENTS = ["Hello", "  padded \n", "", "Zwölf Boxkämpfer\njagen", "日本語", "<think>\nhm\n</think>\n\nso",
            "a</think>b</think>\n\nc", "<tool_response>\nx\n</tool_response>", "1 < 2 && '\"\\",
            "{{ not a template }}", "tab\there", "\u2028sep\u00a0", "x" * 70, "\n\nlines\n\n\nmore\n", "😀👍🏽"]
TOOLS = [{"type": "function", "function": {
    "name": "weather", "description": "Says <how> it \"is\"", "parameters": {
        "type": "object", "properties": {"city": {"type": "string", "enum": ["Köln", "東京"]},
                                         "days": {"type": "integer", "default": 1.5}},
        "required": ["city"], "empty": {}, "none": None, "list": []}, "return": {"type": "number"}}},
         {"type": "function", "function": {"name": "now", "parameters": {}}}]


def random_chat(rng):
    chat = []
    if rng.random() < 0.5:
        chat.append({"role": "system", "content": rng.choice(CONTENTS)})
    orderly = rng.random() < 0.7
    for i in range(rng.randint(1, 6)):
        role = ("user", "assistant")[i % 2] if orderly else rng.choice(
            ["user", "assistant", "tool", "system", "critic"])
        message = {"role": role, "content": rng.choice(CONTENTS)}
        draw = rng.random()
        if role == "assistant" and draw < 0.25:
            message["reasoning_content" if draw < 0.15 else "reasoning"] = rng.choice(CONTENTS)
        elif role == "assistant" and draw < 0.5:
            call = {"name": "weather", "arguments": {"city": "Köln", "days": 2, "f": 1.0, "b": True}}
            message["tool_calls"] = [{"id": rng.choice(["abcdefghi", "x"]), "type": "function",
                                      "function": call}] * rng.choice([1, 1, 2])
            message["content"] = rng.choice([None, "calling", ""])
            chat.append(message)
            message = {"role": "tool", "content": rng.choice(CONTENTS + [{"content": 7}])}
        elif draw > 0.9:
            message["content"] = [{"type": "text", "text": rng.choice(CONTENTS)},
                                  rng.choice([{"type": "image"}, {"type": "text", "text": "more"},
                                              {"type": "sound"}])]
        chat.append(message)
    return chat


def random_variables(rng):
    variables = {}
    if rng.random() < 0.4:
        variables["tools"] = TOOLS[:rng.randint(1, 2)]
    if rng.random() < 0.3:
        variables["enable_thinking"] = rng.random() < 0.5
    if rng.random() < 0.1:
        variables["builtin_tools"] = ["search", "code_interpreter", "maps"]
    if rng.random() < 0.1:
        variables["date_string"] = "1 Jan 2000"
    return variables


def write_folder(folder, template, as_file):
    """A folder as published, the template in one of its two places."""
    folder.mkdir()
    tokenizer = Tokenizer(models.BPE(
        {c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>",
              "eos_token": {"content": "</s>", "lstrip": False, "normalized": False,
                            "rstrip": False, "single_word": False, "__type": "AddedToken"}}
    if as_file:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    else:
        config["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


def outcome(render):
    """{"text"} or {"error"}, as the probe says it."""
    try:
        return {"text": render()}
    except Exception as error:  # whatever transformers or Jinja raises
        return {"error": f"{type(error).__name__}: {error}"}


def family_cases(rng, folder, count):
    for name, template in FAMILIES.items():
        place = folder / name
        write_folder(place, template, as_file=rng.random() < 0.5)
        tokenizer = AutoTokenizer.from_pretrained(place)
        for _ in range(count):
            chat, prompt, variables = random_chat(rng), rng.random() < 0.5, random_variables(rng)
            yield (f"{name}: {chat} {variables}",
                   {"folder": str(place), "messages": chat, "add_generation_prompt": prompt,
                    "variables": variables},
                   outcome(lambda: tokenizer.apply_chat_template(
                       chat, tokenize=False, add_generation_prompt=prompt, **variables)))


CHAT = [{"role": "system", "content": "be <nice> & 'q' \"d\""},
        {"role": "user", "content": "Hé\nllo", "f": 1.0, "t": True, "list": [3, 1, 2]},
        {"role": "assistant", "content": " x "}]

TEMPLATES = r"""
{{ 'a' 'b' ~ 1 ~ none ~ true ~ 1.5 ~ [1,'x',"it's"] ~ {'a': (1,), 'b': ()} }}
{%- set ns = namespace(x=1) %}{% for i in range(5) %}{% set ns.x = ns.x * 2 %}{% if i == 3 %}{% break %}{% endif %}{% endfor %}{{ ns.x }}
{{ messages | tojson }}{{ messages[1] | tojson(indent=2) }}{{ {} | tojson(indent=4) }}{{ 'é' | tojson(ensure_ascii=true) }}{{ {'b': 1, 'a': [1, 2]} | tojson(sort_keys=true, separators=(',', ':')) }}
{{ strftime_now('%d %b %Y %A %j %H:%M:%S %y-%m') }}{{ strftime_now('') }}{{ strftime_now('%%') }}
{%- macro m(a, b='z', c=a) -%} [{{ a }}{{ b }}{{ x }}] {%- endmacro -%} {% set x = 5 %}{{ m(1) }}{{ m('q', b='r') }}{% for x in [8] %}{{ m(2) }}{% endfor %}
{% for k, v in {'a': 1, 'b': [2]}.items() if k != 'a' %}{{ k }}={{ v }}{{ loop.index }}{{ loop.length }}{% else %}none{% endfor %}
{% for i in [] %}x{% else %}empty{% endfor %}{% for i in range(3) if i > 5 %}x{% else %}empty{% endfor %}
{% for i in [1, 2, 3] %}{{ loop.first }}{{ loop.last }}{{ loop.revindex }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{% for j in 'ab' %}{{ loop.depth }}{{ j }}{% endfor %}{% endfor %}
{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}{% if true %}{% set x = 3 %}{% endif %}{{ x }}
{% set a, b = 1, 2 %}{{ a + b }}{% set t %}text{{ a }}{% endset %}{{ t }}{% set u | upper | trim %} abc {% endset %}{{ u }}{% filter upper %}abc{% endfilter %}
{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}
{% raw %}{{ x }}{% endraw %}{# comment {{ x }} #}{{ '}}' }}{{ {'a': {'b': 1}}['a']['b'] }}{{ "%}" }}
  {% if true %}  x  {% endif %}  y
{%- if false %}a{% elif 1 %}b{% else %}c{% endif %}{{ 'x' if false }}{{ 'x' if 0 else 'y' if 0 else 'z' }}
{{ messages.append(1) }}
{{ messages | map(attribute='role') | map('upper') | join(', ') }}{{ messages | selectattr('f') | list | length }}{{ messages | rejectattr('role', 'in', ['user', 'system']) | map(attribute='content') | first }}
{{ messages | map(attribute='f', default='none') | list }}
{{ messages | selectattr('role', 'equalto', 'nobody') and 'truthy' }}{{ 'x' if [] | select else 'y' }}
{{ dict(a=1, b=2) }}{{ dict([('k', 'v')]) }}{{ dict({'a': 1}, b=2) | items | list }}
{{ loop is defined }}{{ x.y }}
{{ x.y.z }}
{{ [1, 2][5] }}{{ 'abc'[5] }}{{ {}['a'] }}{{ {}.a }}{{ none.a }}{{ 5 .a }}
{{ 1 if x is defined else 2 }}{{ not x is defined }}{{ x is not defined and not (y is defined) }}
{{ -2 ** 2 }}{{ 2 ** 3 ** 2 }}{{ 7 // -2 }}{{ -7 % 3 }}{{ 7.5 // 2 }}{{ -7.5 % 2 }}{{ 1 / 4 }}{{ 2 ** -1 }}
{{ 1e100 }}{{ 1e-5 }}{{ 0.1 + 0.2 }}{{ 1e15 }}{{ 1e16 }}{{ 123456789.123 }}{{ -0.0 }}{{ 5e-324 }}{{ 1_000 }}
{{ '\x41\u00e9\U0001f600\n\t\\\'\"\q\101' }}{{ "a\
b" }}
{{ 'Hello World'.replace('o', '0', 1) }}{{ 'x'.join(['a', 'b']) }}{{ 'a,b'.partition(',') }}{{ 'abc'.removeprefix('a') }}{{ '7'.zfill(3) }}{{ 'aXbX'.count('X') }}{{ 'abc'.find('c') }}{{ 'aßǆ'.upper() }}
{{ 'a\r\nb\x0bc\u2028d'.splitlines() }}{{ '  a  b '.split(None, 1) }}{{ 'a b c'.rsplit(None, 1) }}{{ ''.split() }}{{ ''.split(',') }}{{ 'abab'.strip('ab') }}{{ 'xyx'.startswith(('a', 'x')) }}
{{ [3, 1, 2] | sort }}{{ ['b', 'A', 'a'] | sort }}{{ ['b', 'A'] | sort(case_sensitive=true) }}{{ [1, 2] | sort(reverse=true) }}{{ messages | sort(attribute='role') | map(attribute='role') | list }}
{{ [1, 2, 1] | unique | list }}{{ [1, 2] | sum }}{{ [[1], [2]] | sum(start=[]) }}{{ [1, 5] | max }}{{ ['b', 'A'] | min }}{{ [] | first }}{{ [] | max }}{{ {'b': 1, 'a': 2} | dictsort }}
{{ '42' | int }}{{ 'x' | int(5) }}{{ '3.9' | int }}{{ 2.5 | round }}{{ 3.14159 | round(2) }}{{ 2.1 | round(0, 'ceil') }}{{ '1.5' | float }}{{ -3 | abs }}{{ 'x' | float }}{{ none | int(7) }}
{{ '' | default('d') }}{{ '' | default('d', true) }}{{ x | default('d') | upper }}{{ x | length }}{{ x | list }}{{ x | join }}{{ x | trim }}{{ x ~ 'a' }}
{{ x + 'a' }}
{{ 'a' < 'b' }}{{ 1 < 2 < 3 }}{{ 1 == 1.0 }}{{ true == 1 }}{{ 'a' == 1 }}{{ [1] == [1] }}{{ {'a': 1} == {'a': 1.0} }}{{ (1,) == [1] }}{{ none == none }}{{ x == y }}
{{ 1 < 'a' }}
{{ 'a' in 'abc' }}{{ 1 in [1] }}{{ 'a' in {'a': 1} }}{{ 'x' in x }}{{ none in [none] }}{{ 2 not in [1] }}
{{ 1 in 'abc' }}
{{ 'abc' | title }}{{ 'aBC dEF-gh (ij' | title }}{{ 'aBC dEF' | capitalize }}{{ 'x' | center(8) }}|{{ 'xy' | center(7) }}|{{ ' a ' | trim }}{{ 'xax' | trim('x') }}{{ 'abc' | reverse }}{{ [1, 2] | reverse | list }}
{{ 'a\n\nb' | indent }}{{ 'a\nb' | indent(2, true) }}{{ 'a\n\nb\n' | indent('> ', blank=true) }}
{{ 3 is odd }}{{ 4 is even }}{{ 4 is divisibleby 2 }}{{ 4 is divisibleby(3) }}{{ 'a' is string }}{{ 1 is number }}{{ true is number }}{{ true is integer }}{{ 1.0 is float }}{{ [] is sequence }}{{ {} is mapping }}{{ 'a' is iterable }}{{ 'A' is upper }}{{ 1 is sameas 1 }}{{ none is none }}{{ 1 is eq 1 }}{{ 1 is lt 2 }}{{ x is undefined }}{{ range is callable }}{{ false is false }}{{ 0 is false }}{{ 1 is in [1] }}
{{ ''.__class__ }}{{ messages.__len__ }}
{{ ''.__class__.__mro__ }}
{{ namespace(a=1).a }}{% set ns = namespace({'b': 2}) %}{{ ns.b }}{{ ns.c is defined }}{% set ns.c = 1 %}{{ ns['c'] }}
{% set messages = messages[1:] %}{% for m in messages %}{{ m.role }}{% endfor %}{{ (messages | last).role }}{{ messages[-1]['role'] }}
{{ (1, 2) + (3,) }}{{ [1] + [2] }}{{ [0] * 3 }}{{ 'ab' * 2 }}{{ 2 * 'ab' }}{{ 'abcdef'[1:4] }}{{ 'abcdef'[::-2] }}{{ [1, 2, 3][:-1] }}{{ 'añb'[-2] }}{{ (1, 2, 3)[1:] }}{{ 'abc'[-10:10] }}{{ 'abc'[10:] }}
{{ [1] + (2,) }}
{{ 1, 2 }}{{ () }}{{ (1) }}{{ [1, 2, ] }}{{ {'a': 1, } }}{{ range(3) | list }}{{ range(5, 1, -2) | list }}
{{ messages is iterable and messages is not string and messages is not mapping }}{{ messages | length }}{{ messages | count }}
{{ {'a': none, 1: true, none: 2, 1.5: 3} }}{{ {1: 'a', true: 'b'} }}{{ {'a': 1}.get('b') }}{{ {'a': 1}.get('b', 2) }}{{ {'a': 1}.keys() | list }}{{ {'a': 1}.values() | list }}
{% if messages %}{% for m in messages %}{% if m.role == 'user' %}{% continue %}{% endif %}{{ m.role }}{% endfor %}{% endif %}
{{ 'it\'s "q"' ~ ['it\'s "q"', "it's", '\n\x00\u200b\u00ad😀'] }}
{{ raise_exception('boom') }}
{% include 'x' %}
{% for %}{% endfor %}
{{ 'unclosed }}
{% endif %}
{{ 1 +* 2 }}
{{ foo() }}
{{ 'a'.nothing() }}
{{ [1, 2] | nothing }}
{{ 1 is nothing }}
""".strip("\n").split("\n")
WHITE_SPACE = [
    "  {% if true %}  \n  x\n  {% endif %}  \n y {{ 1 }}\n  {%- if true -%}  z  {%- endif +%}\n\n",
    "a\n   {# c #}\n  b\r\n{%+ if true %}q{% endif %}\r\n\n", "{% for i in range(3) -%}\n  {{ i }}\n{%- endfor %}",
    "{{ 'x' }}\n", "{{ 'x' }}\n\n", "\n{{ 'x' }}", "x\n\n\n", "\t{% if true %}\n\t\ta\n\t{% endif %}\nb",
    "{%- if true -%}\n\n a \n\n{%- endif -%}\n b", "a {%- raw -%} b {{ c }} {%- endraw -%} d",
    "  {%+ if true +%}\n  a{% endif %}", " {#- a -#} b {#+ c +#}\n d", "a  {{- 1 -}}  b", "{ { } } {a} { %",
    "\u00a0 {% if true %}x{% endif %}", "x {% if true %}\n\n y{% endif %}\n\n\nz", "{{ '{%' }}{{ '#}' }}",
]


def random_expression(rng, depth):
    atoms = ["1", "0", "-3", "2.5", "'ab'", "''", "' a B '", "'ß€'", "true", "none", "[1, 2]", "['b', 'a']",
             "[]", "{'a': 1, 'b': 'x'}", "{}", "(1, 'x')", "unknown", "messages", "messages[1]",
             "messages[0].content", "bool", "text"]
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(atoms)

    def sub():
        return random_expression(rng, depth - 1)

    kind = rng.random()
    if kind < 0.2:
        return f"({sub()} {rng.choice(['+', '-', '*', '//', '/', '~', '~', '+'])} {sub()})"
    if kind < 0.35:
        op = rng.choice(["==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"])
        return f"({sub()} {op} {sub()})"
    if kind < 0.55:
        return f"({sub()} | " + rng.choice([
            "length", "upper", "lower", "trim", "title", "capitalize", "string", "list", "first", "last",
            "join('-')", "tojson", "tojson(indent=1)", "default('d')", "default('d', true)", "int", "float",
            "abs", "sort | list", "unique | list", "reverse | list", "sum", "max", "min", "replace('a', 'Z')",
            "indent(1)", "round(1)", "items | list", "map('string') | list", "select | list",
            "reject('string') | list", "map(attribute='a') | list", "dictsort"]) + ")"
    if kind < 0.68:
        return f"({sub()} is {rng.choice(['', 'not '])}" + rng.choice([
            "defined", "none", "string", "number", "integer", "float", "boolean", "mapping", "iterable",
            "sequence", "true", "false", "odd", "even", "eq 1", "in [1, 'ab']", "divisibleby 2", "upper",
            "undefined", "ge(1)"]) + ")"
    if kind < 0.78:
        return f"{sub()}" + rng.choice(["[0]", "[-1]", "['a']", "[1:]", "[::-1]", "[:1]", ".a", ".b", "[5]",
                                        "[none]", "[-3:2]", ".items", "['b'][0]"])
    if kind < 0.88:
        return f"{sub()}" + rng.choice([
            ".upper()", ".strip()", ".split()", ".split('a')", ".startswith('a')", ".items() | list", ".get('a')",
            ".keys() | list", ".lstrip('a')", ".replace('a', 'b')", ".title()", ".isdigit()", ".endswith('b')",
            ".count('a')", ".rsplit('b', 1)", ".splitlines()"])
    if kind < 0.94:
        return f"({sub()} if {sub()} else {sub()})"
    if kind < 0.95:
        return f"({rng.choice(['7', '-7', '2.5', 'true'])} % {rng.choice(['2', '-3', '0', '1.5'])})"
    return rng.choice([f"(not {sub()})", f"[{sub()}, {sub()}]", f"{{'k': {sub()}}}", f"(-{sub()})"])


def template_cases(rng, folder, count):
    sources = TEMPLATES + WHITE_SPACE + [
        f"{{{{ {random_expression(rng, rng.randint(1, 3))} }}}}" for _ in range(count)]
    variables = {"bool": False, "text": "Line\ntwo"}
    for i, source in enumerate(sources):
        right = outcome(lambda: chat_template_utils.render_jinja_template(
            [CHAT], chat_template=source, add_generation_prompt=True, **variables)[0][0])
        if any(mark in right.get("text", "") for mark in ("<generator", "<built-in", "object at 0x",
                                                          "dict_items(", "<bound")):
            continue  # Python's own words for what is no value
        place = folder / str(i)
        place.mkdir()
        (place / "chat_template.jinja").write_bytes(source.encode())
        yield (source, {"folder": str(place), "messages": CHAT, "add_generation_prompt": True,
                        "variables": variables}, right)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True, help="the model_oracle_probe program")
    parser.add_argument("--chats", type=int, default=400, help="of each family")
    parser.add_argument("--expressions", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()

    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        cases = list(family_cases(rng, folder, options.chats))
        cases += template_cases(rng, folder, options.expressions)
        done = subprocess.run([options.probe, "render"], capture_output=True, encoding="utf-8",
                              input="".join(json.dumps(ask) + "\n" for _, ask, _ in cases))
    if done.returncode != 0:
        raise SystemExit(f"the probe failed: {done.stderr}")
    answers = list(map(json.loads, done.stdout.split("\n")[:-1]))
    assert len(answers) == len(cases)
    wrong = errors = 0
    for (what, _, right), answer in zip(cases, answers):
        errors += "error" in right
        if FOLDED in answer.get("error", ""):
            continue
        if answer.get("text") != right.get("text"):
            wrong += 1
            if wrong <= 20:
                print(f"DIFFERS: {what}\n  hone:   {answer!r}\n  oracle: {right!r}")
    print(f"{len(cases)} renderings, {errors} of them errors, {wrong} wrong")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
