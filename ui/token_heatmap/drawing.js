// The blocks: header, legend, and the text as coloured tokens.

function draw(root, data, theme) {
  const tip = element("div", "tip");
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  const view = { data, theme, tip, root, selected: null, hovered: null, groups: groupsOf(data) };
  const tokens = drawTokens(data, view.groups);
  view.direction = directionOf(data.pieces.join(""));
  view.blocks = [...data.blocks, ...(data.both ? [data.both] : [])].map((block) => drawBlock(block, tokens, view.direction));
  view.blocks.forEach((block) => setTabStop(view, block, data.selected ?? 0));
  followHand(view);
  view.toolbar = drawToolbar(view);
  view.chart = drawChart(view);
  view.chart.nodes.forEach(() => ["hovered", "selected"].forEach((which) => markInChart(view, which, null)));
  root.dataset.theme = theme;
  return view;
}

// Put what was drawn and painted into the page. Most of a long text's time goes to its layout: `gradually`, the block
// that is read first is seen before the others are laid out. Until they are, the page keeps its length.
function attach(view, gradually) {
  const { root, toolbar, chart, tip } = view;
  const blocks = element("div", "blocks");
  // Both in one stands above, though it is the last one here: the others have the same place as in data.blocks.
  const groups = view.blocks.toSorted((a, b) => (b.data.role === "both") - (a.data.role === "both")).map(({ group }) => group);
  const first = gradually ? groups.findIndex((group) => !group.hidden) + 1 : groups.length;
  const attachRest = () => {
    blocks.append(...groups.slice(first));
    tip.before(...chart.nodes);
    root.style.minHeight = "";
    if (gradually && view.selected !== null) reveal(view, view.selected); // what is not in the page cannot be scrolled
  };
  root.style.minHeight = gradually ? `${root.offsetHeight}px` : "";
  blocks.append(...groups.slice(0, first));
  root.replaceChildren(...toolbar.nodes, blocks, tip);
  if (gradually) afterPaint(() => root.view === view && attachRest());
  else attachRest();
}

// Of each token, the word (or the token that is no word) to which it belongs; null if every token has a value of its own.
function groupsOf(data) {
  if (!data.words) return null;
  const groups = new Int32Array(data.pieces.length);
  data.words.forEach((start, group) => groups.fill(group, start));
  return groups;
}

function drawBlock(data, tokens, direction) {
  const group = element("section", `block ${data.role}`);
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", [data.title, data.subtitle].filter(Boolean).join(". "));
  const header = element("div", "header");
  const titles = element("div", "titles");
  titles.append(element("div", "title", data.title));
  if (data.subtitle) titles.append(element("div", "subtitle", data.subtitle));
  const legend = element("div", "legend");
  legend.setAttribute("role", "img");
  header.append(titles, legend);
  const notes = element("div", "notes");
  const panel = element("div", "panel");
  panel.dir = direction;
  panel.append(tokens.cloneNode(true));
  group.append(header, notes, panel);
  const nodes = [...panel.querySelectorAll(".token")];
  const bodies = nodes.map((node) => (node.classList.contains("body") ? node : node.lastElementChild));
  const values = { token: decoded(data.values), word: data.wordValues ? decoded(data.wordValues) : null };
  return { data, group, panel, legend, notes, tokens: nodes, bodies, values, tabStop: null };
}

function drawTokens(data, groups) {
  const fragment = document.createDocumentFragment();
  const windows = new Set(data.windows);
  data.pieces.forEach((piece, index) => {
    const token = drawToken(piece, data.parts[index]);
    token.dataset.index = index;
    if (groups && groups[index] === groups[index + 1]) token.classList.add("goes-on");
    if (windows.has(index)) fragment.append(element("span", "window-start"));
    fragment.append(token);
  });
  return fragment;
}

// ---------------------------------------------------------------- colours

function paint(view) {
  const { display } = view.root;
  const wanted = JSON.stringify(display);
  if (view.painted === wanted) return;
  view.painted = wanted;
  view.root.classList.toggle("by-word", isByWord(view));
  view.blocks.forEach((block) => {
    block.group.hidden = block.data.role === "both" && display.both === "off";
    paintBlock(view, block);
  });
  showDisplay(view);
  paintChart(view);
}

function isByWord(view) {
  return view.root.display.by === "word" && view.groups !== null;
}

function scaleOf(view, block) {
  const scales = isByWord(view) ? block.data.wordScales : block.data.scales;
  return scales[view.root.display.scale] ?? Object.values(scales)[0];
}

function rampOf(view, block) {
  const { role } = block.data;
  const centred = scaleOf(view, block).centre !== null;
  const below = !centred ? "" : role === "both" ? "/blues" : "/greys";
  return coloursOf(`${paletteOf(view, role)}${below}`, view.theme);
}

// The hue of a class; that of both together is the target's, above the centre.
function paletteOf(view, role) {
  if (role === "baseline") return "blues";
  return view.root.display.colours === "notebook" ? "reds" : "oranges";
}

// The [background, ink] colours of a ramp. RAMPS comes from core.report.colours.
function coloursOf(name, theme) {
  const ramp = RAMPS[name][theme];
  ramp.colours ??= ramp.backgrounds.split(" ").map((colour, i) => [`#${colour}`, ramp.inks[i] === "1" ? "#ffffff" : "#000000"]);
  return ramp.colours;
}

function valueOf(view, block, index) {
  return isByWord(view) ? block.values.word[view.groups[index]] : block.values.token[index];
}

function paintBlock(view, block) {
  const scale = scaleOf(view, block);
  const ramp = rampOf(view, block);
  const threshold = Number(view.root.display.threshold) / 100;
  const values = isByWord(view) ? block.values.word : block.values.token;
  const colours = Array.from(values, (value) => {
    const step = stepOf(value, scale);
    if (step === NO_COLOUR) return "missing";
    return isFaint(step, scale, threshold) ? "none" : ramp[step];
  });
  const before = block.colours ?? [];
  block.colours = isByWord(view) ? Array.from(view.groups, (group) => colours[group]) : colours;
  block.colours.forEach((colour, i) => {
    if (colour === before[i]) return;
    const { style, classList } = block.bodies[i];
    [style.backgroundColor, style.color] = typeof colour === "string" ? ["", ""] : colour;
    if (colour === "missing") classList.add("missing");
    else if (before[i] === "missing") classList.remove("missing");
  });
  fillLegend(view, block, scale, ramp, threshold);
  block.notes.replaceChildren(...scale.notes.map((note) => element("div", "note", note)));
}

function fillLegend(view, block, scale, ramp, threshold) {
  const [low, high] = [`${scale.nBelow ? "≤ " : ""}${scale.lowText}`, `${scale.nAbove ? "≥ " : ""}${scale.highText}`];
  const constant = scale.low === scale.high;
  const bar = element("div", "bar");
  const [flat] = ramp[scale.centre === null ? 0 : (N_STEPS - 1) / 2];
  bar.style.background = constant ? flat : `linear-gradient(to right, ${stopsOf(scale, ramp, threshold).join(", ")})`;
  const labels = element("div", "labels");
  const ends = scale.centre === null ? [low, high] : [low, scale.centreText, high];
  labels.append(...(constant ? [low] : ends).map((value) => element("span", "number", value)));
  const notes = [block.data.ends[view.root.display.scale], threshold && !constant ? colouredFrom(scale, threshold) : ""];
  const note = notes.filter(Boolean).join("; ");
  block.legend.replaceChildren(bar, labels, ...(note ? [element("div", "ends", note)] : []));
  block.legend.setAttribute("aria-label", [`Colour scale from ${low} to ${high}`, note].filter(Boolean).join(". "));
}

// The stops of a gradient. Where the threshold is, there are two: the colour begins at once.
function stopsOf(scale, ramp, threshold) {
  const stops = [];
  let before = null;
  for (let i = 0; i < N_STEPS; i += 5) {
    const at = `${(100 * i) / (N_STEPS - 1)}%`;
    const colour = isFaint(i, scale, threshold) ? "transparent" : ramp[i][0];
    if (before && before.colour !== colour && colour === "transparent") stops.push(`transparent ${before.at}`);
    else if (before?.colour === "transparent" && colour !== "transparent") stops.push(`transparent ${at}`);
    stops.push(`${colour} ${at}`);
    before = { colour, at };
  }
  return stops;
}

function colouredFrom(scale, threshold) {
  if (scale.centre === null) return `coloured from ${readableNumber(scale.low + threshold * (scale.high - scale.low))}`;
  const [below, above] = [scale.low, scale.high].map((end) => scale.centre + threshold * (end - scale.centre));
  return `coloured up to ${readableNumber(below)}, and from ${readableNumber(above)}`;
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
