// A token in the page: its exact text, and marks for what cannot be seen in it.

// What cannot be seen: control and format characters (bidirectional overrides, zero widths, tags), line separators,
// private and unassigned ones.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u;
const MARKED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Zs}]/u;
const SPACE_BEFORE_WORD = /^ [^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Zs}]/u;
const ONLY_COMBINING = /^\p{M}+$/u;
const NAMES = { "\r": "CR", "\u00a0": "NBSP", "\u00ad": "SHY", "\u200d": "ZWJ", "\ufeff": "BOM" };

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

// The direction in which a text's tokens follow each other, as everywhere on the web: that of its first letter.
function directionOf(text) {
  const letter = /\p{L}/u.exec(text);
  return letter && RIGHT_TO_LEFT.test(letter[0]) ? "rtl" : "ltr";
}

// A token, whose textContent is the exact piece. Its body takes the colour: the token itself, or what follows the space
// before a word.
function drawToken(piece, part) {
  const token = element("span", "token");
  let body = token;
  let text = piece;
  if (SPACE_BEFORE_WORD.test(piece)) {
    token.append(" ");
    body = token.appendChild(element("span"));
    text = piece.slice(1);
  }
  body.classList.add("body");
  fillBody(body, text);
  if (part) body.dataset.part = part;
  if (ONLY_COMBINING.test(text) || (piece === "" && !part)) body.classList.add("thin");
  return token;
}

// What cannot be seen goes into spans of its own, whose mark the style sheet draws: textContent stays exact.
function fillBody(body, text) {
  if (!MARKED.test(text)) {
    body.textContent = text;
    return;
  }
  let plain = "";
  for (const character of text) {
    if (!MARKED.test(character)) {
      plain += character;
      continue;
    }
    if (plain) body.append(plain);
    plain = "";
    body.append(drawHidden(character));
  }
  if (plain) body.append(plain);
}

function drawHidden(character) {
  if (character === "\n") return marked("newline", character, "↵");
  if (character === "\t") return marked("tab", character, "⇥");
  if (character === " ") return marked("space", character, "·");
  return marked("hidden", character, nameOf(character));
}

function marked(className, character, mark) {
  const span = element("span", className, character);
  span.dataset.mark = mark;
  return span;
}

function nameOf(character) {
  return NAMES[character] ?? `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

// A token for a reader aloud, who has no use for the marks of spaces around and between words.
function spoken(data, index) {
  return readable(data, index).replaceAll("␣", " ").trim() || "space";
}

// A token in visible form. The later tokens of a split character name the character, which the first one carries.
function readable(data, index) {
  const part = data.parts[index];
  let piece = data.pieces[index];
  if (part === "added") return "(added by the tokenizer)";
  if (part) {
    const first = index - (parseInt(part, 10) - 1);
    piece = data.pieces[first] ?? piece;
  }
  const shown = Array.from(piece, (character) => {
    if (character === "\n") return "↵";
    if (character === "\t") return "⇥";
    if (character === " ") return "␣";
    return HIDDEN.test(character) || character === "\u00a0" ? `[${nameOf(character)}]` : character;
  }).join("");
  if (part) return `${shown} part ${part}`;
  return shown === "" ? "(empty)" : shown;
}
