// The blocks: header, legend, and the text as coloured tokens.

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
