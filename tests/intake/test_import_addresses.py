"""E-mail addresses as people write them."""

from __future__ import annotations

import pytest

from engage.intake.addresses import read_address


@pytest.mark.parametrize(
    ("text", "email", "folded"),
    [
        ("Ann.Lee+x@Example.co.jp", "Ann.Lee+x@Example.co.jp", "ann.lee+x@example.co.jp"),
        ("a@example.invalid", "a@example.invalid", "a@example.invalid"),
        ("o'brien@b.test", "o'brien@b.test", "o'brien@b.test"),
        ("a..b@docomo.ne.jp", "a..b@docomo.ne.jp", "a..b@docomo.ne.jp"),
        (".a@ezweb.ne.jp", ".a@ezweb.ne.jp", ".a@ezweb.ne.jp"),
        ("a.@d.vodafone.ne.jp", "a.@d.vodafone.ne.jp", "a.@d.vodafone.ne.jp"),
        ("\u3000a@b.jp\u00a0", "a@b.jp", "a@b.jp"),
        ("\u200ba@b.jp", "a@b.jp", "a@b.jp"),
        ("佐藤 花子 <hanako@b.jp>", "hanako@b.jp", "hanako@b.jp"),
        ("ユーザー@例え.jp", "ユーザー@例え.jp", "ユーザー@例え.jp"),
        ("x@XN--R8JZ45G.jp", "x@XN--R8JZ45G.jp", "x@例え.jp"),
        ("STRASSE@straße.test", "STRASSE@straße.test", "strasse@strasse.test"),
    ],
)
def test_an_address_is_read(text: str, email: str, folded: str) -> None:
    """B47, B57, B58."""
    address = read_address(text)
    assert (address.email, address.folded) == (email, folded)


@pytest.mark.parametrize(
    "text",
    [
        "", "test", "noemail@", "@b.jp", "a@b", "a@b.jp.", "a@b..jp", "a..b@b.jp", ".a@b.jp", "a@b@c.jp", "a b@c.jp",
        "a@[127.0.0.1]", "a@-b.jp", f"{'a' * 65}@b.jp", f"a@{'b' * 64}.jp", f"a@{'b.' * 127}jp",
        "a@b.jp, c@d.jp", "a@b.jp;c@d.jp", "a@b.jp\r\nBcc: c@d.jp", "a\0@b.jp", "A <a@b.jp> B <c@d.jp>",
        "a\u200bb@c.jp", "\u202ea@b.jp", "p\u0430ypal@b.jp", "\uff41\uff20\uff42\uff0e\uff4a\uff50",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    """B59, B60, B61, B62, B64."""
    with pytest.raises(ValueError, match=r"\w"):
        read_address(text)


def test_full_width_is_asked_about() -> None:
    """B60."""
    with pytest.raises(ValueError, match=r"did you mean a@b\.jp"):
        read_address("ａ＠ｂ．ｊｐ")
