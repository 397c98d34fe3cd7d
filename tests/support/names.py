"""Names of lists that somebody might give: markup of all kinds, each of which must be shown as it is."""

HOSTILE_NAMES = (
    "<b>x</b> & <img src=x onerror=alert(1)>",
    "![x](http://evil.example/x.png)",
    "**b** `c` $x$ :red[x] [a](b)",
    "%{x} %{customdata[0]} {target} {}",
    "&lt;i&gt; &amp; &#60; \"q\" 'a'",
    "../../etc/passwd\\x:*?|",
    "=1+1",
    "می\u200cروم 日本 é 🧠",
    "custom",
    "nouns and words of a very long list 3456",
)
