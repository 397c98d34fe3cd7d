// Draws the blocks of ui.token_heatmap. Text enters the page through textContent and attributes only.
//
// Streamlit calls the default export again at every change of the data or the theme, without cleaning up:
// handlers are therefore assigned (root.onclick = ...), and the tokens are rebuilt only when they changed.

const ANEW = "The model's context began anew here";
// What cannot be seen: control and format characters (bidirectional overrides, zero widths, tags), line separators,
// private and unassigned ones.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u;
const MARKED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Zs}]/u;
const SPACE_BEFORE_WORD = /^ [^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Zs}]/u;
const ONLY_COMBINING = /^\p{M}+$/u;
const NAMES = { "\r": "CR", "\u00a0": "NBSP", "\u00ad": "SHY", "\u200d": "ZWJ", "\ufeff": "BOM" };

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".heatmap");
  const theme = isDark(root) ? "dark" : "light";
  const drawn = `${data.content} ${theme}`;
  if (root.drawn !== drawn) {
    root.view = draw(root, data, theme);
    root.drawn = drawn;
  }
  const view = root.view;
  view.select = (index) => {
    markSelected(view, index);
    setStateValue("clicked", { index: view.selected, text: data.text, at: Date.now() });
  };
  if (data.selected !== null && data.selected !== view.selected) reveal(view, data.selected);
  markSelected(view, data.selected);
  handleEvents(root, view);
}

// ---------------------------------------------------------------- drawing

function draw(root, data, theme) {
  const tip = element("div", "tip");
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  const view = { data, theme, tip, root, selected: null, hovered: null };
  view.blocks = data.blocks.map((block) => drawBlock(data, block, theme));
  view.blocks.forEach((block) => setTabStop(view, block, data.selected ?? 0));
  root.dataset.theme = theme;
  root.replaceChildren(...view.blocks.map((block) => block.group), tip);
  return view;
}

function drawBlock(data, block, theme) {
  const group = element("section", "block");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", [block.title, block.subtitle].filter(Boolean).join(". "));
  const header = element("div", "header");
  const titles = element("div", "titles");
  titles.append(element("div", "title", block.title));
  if (block.subtitle) titles.append(element("div", "subtitle", block.subtitle));
  header.append(titles, drawLegend(block, theme));
  const notes = element("div", "notes");
  notes.append(...block.notes.map((note) => element("div", "note", note)));
  const panel = element("div", "panel");
  const tokens = drawTokens(data, block, theme, panel);
  group.append(header, notes, panel);
  return { group, panel, tokens, tabStop: null };
}

function drawLegend(block, theme) {
  const legend = element("div", "legend");
  const ends = block.centre === null ? [block.low, block.high] : [block.low, block.centre, block.high];
  legend.setAttribute("role", "img");
  legend.setAttribute("aria-label", `Colour scale from ${block.low} to ${block.high}`);
  const bar = element("div", "bar");
  const stops = block.ramps[theme].filter((_, i) => i % 10 === 0).map(([background]) => background);
  const flat = stops[block.centre === null ? 0 : (stops.length - 1) / 2];
  bar.style.background = block.constant ? flat : `linear-gradient(to right, ${stops.join(", ")})`;
  const labels = element("div", "labels");
  labels.append(...(block.constant ? [block.low] : ends).map((value) => element("span", "number", value)));
  legend.append(bar, labels);
  return legend;
}

function drawTokens(data, block, theme, panel) {
  const fragment = document.createDocumentFragment();
  const windows = new Set(data.windows);
  const tokens = data.pieces.map((piece, index) => {
    const token = drawToken(piece, data.parts[index]);
    token.dataset.index = index;
    const body = token.querySelector(".body") ?? token;
    if (block.steps[index] < 0) body.classList.add("missing");
    else [body.style.backgroundColor, body.style.color] = block.ramps[theme][block.steps[index]];
    if (windows.has(index)) fragment.append(element("span", "window-start"));
    fragment.append(token);
    return token;
  });
  panel.append(fragment);
  return tokens;
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

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// Streamlit's custom property may be written in any of CSS's ways; a computed colour is rgb(...) or color(srgb ...).
function isDark(root) {
  const computed = getComputedStyle(root).getPropertyValue("outline-color");
  const numbers = (computed.match(/[\d.]+(e-?\d+)?/g) ?? [255, 255, 255]).slice(0, 3).map(Number);
  const unit = computed.startsWith("color(") ? 1 : 255;
  const [red, green, blue] = numbers.map((channel) => channel / unit);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.5;
}

// ---------------------------------------------------------------- pointer and keyboard

function handleEvents(root, view) {
  root.onpointerover = (event) => {
    const token = event.target.closest(".token");
    const start = event.target.closest(".window-start");
    if (token) showToken(view, token);
    else if (start) showTip(view, start, [element("div", "", ANEW)]);
    else hideTip(view);
  };
  root.onpointerleave = () => hideTip(view);
  root.onclick = (event) => {
    const token = event.target.closest(".token");
    if (!token || hasTextSelection()) return;
    const block = blockOf(view, token);
    setTabStop(view, block, Number(token.dataset.index));
    toggle(view, token);
  };
  root.onkeydown = (event) => {
    const token = event.target.closest(".token");
    if (!token || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") toggle(view, token);
    else if (event.key === "Escape") hideTip(view);
    else if (!moveFocus(view, token, event.key)) return;
    event.preventDefault();
  };
  view.blocks.forEach(({ panel }) => {
    panel.onscroll = () => followScroll(view, panel);
  });
}

// Who drags over the text to copy it does not mean to select a token.
function hasTextSelection() {
  const selection = document.getSelection();
  return selection !== null && selection.type === "Range" && selection.toString() !== "";
}

function toggle(view, token) {
  const index = Number(token.dataset.index);
  view.select(index === view.selected ? null : index);
}

function blockOf(view, token) {
  return view.blocks.find((block) => block.panel.contains(token));
}

function markSelected(view, index) {
  eachAt(view, view.selected, (token) => token.classList.remove("selected"));
  view.selected = index;
  eachAt(view, index, (token) => token.classList.add("selected"));
}

// A token that was selected elsewhere on the page: to the middle of each panel, and in the first one of the window.
function reveal(view, index) {
  view.blocks.forEach(({ panel, tokens }, i) => {
    const token = tokens[index];
    if (!token) return;
    const below = firstBox(token).top - panel.getBoundingClientRect().top;
    panel.scrollTop += below - panel.clientHeight / 2;
    if (i === 0) token.scrollIntoView({ block: "center" });
  });
}

function markHovered(view, index) {
  eachAt(view, view.hovered, (token) => token.classList.remove("hovered"));
  view.hovered = index;
  eachAt(view, index, (token) => token.classList.add("hovered"));
}

function eachAt(view, index, change) {
  if (index === null) return;
  view.blocks.forEach((block) => block.tokens[index] && change(block.tokens[index]));
}

// One token per block is in the tab order (a roving tabindex); a reader aloud needs a name for that one only.
function setTabStop(view, block, index) {
  const old = block.tabStop;
  if (old) {
    ["tabindex", "role", "aria-label"].forEach((name) => old.removeAttribute(name));
    old.onfocus = old.onblur = null;
  }
  const token = (block.tabStop = block.tokens[index] ?? block.tokens[0] ?? null);
  if (!token) return;
  const i = Number(token.dataset.index);
  const blockData = view.data.blocks[view.blocks.indexOf(block)];
  token.tabIndex = 0;
  token.setAttribute("role", "button");
  token.setAttribute("aria-label", `${spoken(view.data, i)}, token ${i + 1}, ${blockData.values[i]}`);
  token.onfocus = () => token.matches(":focus-visible") && showToken(view, token);
  token.onblur = () => hideTip(view);
}

function moveFocus(view, token, key) {
  const block = blockOf(view, token);
  const index = Number(token.dataset.index);
  const last = block.tokens.length - 1;
  const targets = {
    ArrowLeft: () => Math.max(index - 1, 0),
    ArrowRight: () => Math.min(index + 1, last),
    ArrowUp: () => onNextLine(block.tokens, index, -1),
    ArrowDown: () => onNextLine(block.tokens, index, 1),
    Home: () => 0,
    End: () => last,
  };
  if (!targets[key]) return false;
  setTabStop(view, block, targets[key]());
  block.tabStop.focus();
  return true;
}

// The token of the line above (-1) or below (1) that is nearest to this one's left edge.
function onNextLine(tokens, index, direction) {
  const from = firstBox(tokens[index]);
  let best = index;
  let line = null;
  for (let i = index + direction; i >= 0 && i < tokens.length; i += direction) {
    const box = firstBox(tokens[i]);
    if (Math.abs(box.top - from.top) < from.height / 2) continue;
    line ??= box.top;
    if (Math.abs(box.top - line) >= from.height / 2) break;
    if (best === index || Math.abs(box.left - from.left) < Math.abs(firstBox(tokens[best]).left - from.left)) best = i;
  }
  return best;
}

function firstBox(node) {
  return node.getClientRects()[0] ?? node.getBoundingClientRect();
}

function followScroll(view, panel) {
  view.blocks.forEach((block) => {
    if (block.panel !== panel && Math.abs(block.panel.scrollTop - panel.scrollTop) > 1) {
      block.panel.scrollTop = panel.scrollTop;
    }
  });
}

// ---------------------------------------------------------------- tooltip

function showToken(view, token) {
  const { data } = view;
  const index = Number(token.dataset.index);
  markHovered(view, index);
  const head = element("div", "tip-head");
  head.append(element("code", "tip-token", readable(data, index)));
  head.append(element("span", "tip-place", `token ${(index + 1).toLocaleString("en")} of ${data.pieces.length.toLocaleString("en")}`));
  const rows = data.blocks.map((block, i) => {
    const row = element("div", view.blocks[i].panel.contains(token) ? "tip-row here" : "tip-row");
    const swatch = element("span", "swatch");
    if (block.steps[index] >= 0) swatch.style.backgroundColor = block.ramps[view.theme][block.steps[index]][0];
    row.append(swatch, element("span", "tip-title", block.title), element("span", "tip-value", block.values[index]));
    return row;
  });
  const notes = data.windows.includes(index) ? [element("div", "tip-note", ANEW)] : [];
  showTip(view, token, [head, ...rows, ...notes]);
}

function showTip(view, anchor, content) {
  const { tip, root } = view;
  if (anchor.classList.contains("window-start")) markHovered(view, null);
  tip.replaceChildren(...content);
  tip.hidden = false;
  const at = firstBox(anchor.querySelector(".body") ?? anchor);
  const frame = root.getBoundingClientRect();
  const left = Math.min(at.left - frame.left, frame.width - tip.offsetWidth);
  // Above the token, so that the hand does not hide it; below where it would cover the legend or leave the window.
  const above = at.top - tip.offsetHeight - 8;
  const roof = Math.max(anchor.parentElement.getBoundingClientRect().top, 64);
  const top = above < roof ? at.bottom + 8 : above;
  tip.style.left = `${Math.max(left, 0)}px`;
  tip.style.top = `${top - frame.top}px`;
}

function hideTip(view) {
  view.tip.hidden = true;
  markHovered(view, null);
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
