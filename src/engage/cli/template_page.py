"""The page of the documentation about e-mail templates; its tables are made from the program itself."""

from __future__ import annotations

from engage.effects.pressing import LIMIT
from engage.effects.proofing import LARGEST, WIDEST_SUBJECT
from engage.language.template_words import DATE_STYLES, FILTERS, MEANINGS, NAMES

_HEAD = """\
# E-mail templates

A template is a file in `templates/`: a head of YAML, the front matter, and a body in HTML or MJML in which Jinja2
puts values. Its id, by which `send_email` names it, is the file's name before the first dot. This page is made from
the program itself (`make docs`); the keys of the front matter stand in the [language](language.md).

```html
---
subject: "{{ prospect.last_name | 様 | default('お客様') }}へ、資料のご案内"
preheader: 3分で読める導入事例
---
<html>
  <head><style>p { line-height: 1.8; }</style></head>
  <body>
    <p>{{ prospect.company | 御中 }}<br>{{ prospect.full_name | 様 | default('お客様') }}</p>
    {% if prospect.renewal_date %}<p>ご契約の更新日は{{ prospect.renewal_date | date('weekday') }}です。</p>{% endif %}
    {% include "partials/footer.html" %}
  </body>
</html>
```

Styles are written into the elements they concern (media queries stay where they are), the text part is made from the
HTML, and a footer with the sender's name and postal address and a link to unsubscribe is added where the template
lacks them.

## Languages

`welcome.html` is the main file, in the workspace's language; `welcome.ja.html` and `welcome.en.html` are variants.
Each prospect gets the variant in the language of the field `language` (`en` serves `en-GB` too), else the main file.
Dates, amounts and the footer are written in the variant's language.

## Values

A name that does not exist is a mistake, told by `engage validate`. A field without a value prints nothing, and
`default` gives what stands there instead. Values are escaped: nothing that a prospect typed becomes HTML, and
`{{ … }}` in a value is printed as it is.

| name | what it is |
|---|---|
"""

_FILTERS = """
## Filters

| filter | example | prints |
|---|---|---|
"""

_DATES = """
How `date` writes a day:

| style | in Japanese | in English |
|---|---|---|
"""

_TAIL = """
`honorific` and `様` leave a name alone that bears a title already, and nothing stays nothing, so that `default`
works; `honorific('先生')` takes any title. `if`, `for` over a list or `range(…)`, `set`, macros and Jinja2's tests
work as Jinja2 has them. Nothing else can be called, and nothing but these values is there: no file, no setting, no
code.

## Partials and blocks

Pieces that several e-mails share stand in `templates/partials/` and have no head. A template names them by their path
in `templates`, written out: `{% include "partials/footer.html" %}`, `{% from "partials/buttons.html" import button %}`,
or `{% extends "partials/layout.html" %}` with `{% block content %} … {% endblock %}`. A partial may load others, in no
circle; it sees the names that the template sets. Nothing outside that folder can be loaded.

## MJML

A file that ends in `.mjml` is MJML, which becomes HTML after Jinja2 has put in the values. It needs a package:
`pip install 'engage[mjml]'`. Partials that end in `.mjml` are for MJML templates; `mj-include` is not used.

## Limits
"""

_LIMITS = """
Templates are rendered in a process of their own, which has no secrets and no database. One message may take {limit:g} s
of computing and a quarter of a gigabyte. A message that takes more has failed, with its reason; the others go. After
three such in a row a template is set aside for the rest of the delivery.

## Trying them

`engage template check` tells every mistake with its file, line and column: those that `engage validate` knows, and
those that show when each e-mail is rendered for an invented prospect and for one of whom only the address is known. It
warns of a missing link to unsubscribe, images without `alt`, links that lead nowhere, elements that mail programs take
out, variants that other e-mails have, HTML over {largest:,} bytes (Gmail cuts it), and a subject wider than {widest}
columns (a full-width sign takes two). It ends with exit code 1 where there are mistakes.

`engage template preview welcome --prospect hanako@example.co.jp --html welcome.html` shows the headers, the text and
the HTML as that prospect would get them; without `--prospect`, somebody is invented. It shows the files as they stand,
applied or not, and sends nothing.

`engage template send-test welcome --to me@example.co.jp` sends the mail by the way that all mail goes, with `[Test]`
before the subject and the header `X-Engage-Test`. A test is no message: no figure counts it, its links lead nowhere,
and nobody's consent is changed. An address whose prospect bounced gets no test
either, and one whose prospect opted out gets none of a marketing e-mail; of an operational one it does.
"""


def templates() -> str:
    """Return the page."""
    names = [
        ("prospect", "each standard and custom field: `prospect.last_name`, `prospect.score` …"),
        *((name, f"{meaning}{_parts(name)}") for name, meaning in MEANINGS.items()),
    ]
    limits = _LIMITS.format(limit=LIMIT, largest=LARGEST, widest=WIDEST_SUBJECT)
    return "".join(
        (
            _HEAD,
            *(f"| `{name}` | {meaning} |\n" for name, meaning in names),
            _FILTERS,
            *(
                f"| `{name}` | `{{{{ {_cell(text)} }}}}` | {_cell(shown)} |\n"
                for name, (text, shown) in FILTERS.items()
            ),
            _DATES,
            *(f"| `{_date(style)}` | {ja} | {en} |\n" for style, (ja, en) in DATE_STYLES.items()),
            _TAIL,
            limits,
        )
    )


def _parts(name: str) -> str:
    parts = ", ".join(f"`{name}.{part}`" for part in NAMES[name])
    return f": {parts}" if parts else ""


def _date(style: str) -> str:
    return f"date('{style}')" if style else "date"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
