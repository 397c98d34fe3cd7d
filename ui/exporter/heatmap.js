// The coloured text as a PNG: every block with its legend and its whole text, from the places that the browser gave them.

const MOST = 4000; // pixels of the page in height: a canvas cannot be of any size
const GAP = 24;
const CUT = "The text goes on: a picture holds only so much. The HTML file has all of it.";

function pngOfHeatmap(root, title, paragraphs) {
  const { ground, ink } = lookOfPage();
  const rows = rowsOf([...root.querySelectorAll(".block:not([hidden])")]);
  const width = Math.ceil(root.getBoundingClientRect().width) + 2 * PADDING;
  const isCut = heightOf(rows) > MOST;
  const caption = layoutCaption(title, isCut ? [CUT, ...paragraphs] : paragraphs, width);
  const height = Math.min(heightOf(rows), MOST) + PADDING;
  const canvas = canvasOf(width, height + caption.height);
  const context = canvas.getContext("2d");
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height + caption.height);
  context.save();
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  let y = PADDING;
  for (const row of rows) {
    for (const block of row.blocks) drawBlockOn(context, root, block, y);
    y += row.height + GAP;
  }
  context.restore();
  context.fillStyle = ink;
  for (const { text, style, y: base } of caption.lines) {
    context.font = `${style.weight} ${style.size}px ${FONT}`;
    context.fillText(text, PADDING, height + base);
  }
  return pngOf(canvas);
}

// Blocks side by side are one row. A panel that scrolls is drawn with all of its text.
function rowsOf(blocks) {
  const rows = new Map();
  for (const block of blocks) {
    const [box, panel] = [block.getBoundingClientRect(), block.querySelector(".panel")];
    const top = Math.round(box.top);
    if (!rows.has(top)) rows.set(top, { blocks: [], height: 0 });
    const row = rows.get(top);
    row.blocks.push(block);
    row.height = Math.max(row.height, panel.getBoundingClientRect().top - box.top + panel.scrollHeight + 2);
  }
  return [...rows.values()];
}

function heightOf(rows) {
  return PADDING + rows.reduce((sum, row) => sum + row.height + GAP, 0);
}

function drawBlockOn(context, root, block, y) {
  const box = block.getBoundingClientRect();
  const dx = PADDING - root.getBoundingClientRect().left;
  const panel = block.querySelector(".panel");
  const bar = block.querySelector(".legend .bar");
  const head = { dx, dy: y - box.top };
  if (bar) drawBar(context, bar, head);
  block.querySelectorAll(".header, .notes").forEach((part) => drawTexts(context, part, head));
  const text = { dx, dy: y - box.top + panel.scrollTop };
  const frame = panel.getBoundingClientRect();
  context.strokeStyle = getComputedStyle(panel).borderTopColor;
  context.strokeRect(frame.left + dx + 0.5, frame.top + head.dy + 0.5, frame.width - 1, panel.scrollHeight + 1);
  panel.querySelectorAll(".body").forEach((body) => drawBody(context, body, text));
  drawTexts(context, panel, text);
  panel.querySelectorAll("[data-mark], [data-part]").forEach((each) => drawMark(context, each, text));
  panel.querySelectorAll(".window-start").forEach((each) => drawWindowStart(context, each, text));
}

function drawBar(context, bar, { dx, dy }) {
  const { left, top, width, height } = bar.getBoundingClientRect();
  const { backgroundImage, backgroundColor } = getComputedStyle(bar);
  const stops = [...backgroundImage.matchAll(/(rgba?\([^)]*\)|transparent)\s+([\d.]+)%/g)];
  const gradient = context.createLinearGradient(left + dx, 0, left + dx + width, 0);
  stops.forEach(([, colour, at]) => gradient.addColorStop(Math.min(Number(at) / 100, 1), colour));
  context.fillStyle = stops.length ? gradient : backgroundColor;
  context.fillRect(left + dx, top + dy, width, height);
}

function drawBody(context, body, { dx, dy }) {
  const { backgroundColor, color } = getComputedStyle(body);
  for (const { left, top, width, height } of body.getClientRects()) {
    context.beginPath();
    context.roundRect(left + dx, top + dy, width, height, 3);
    context.fillStyle = backgroundColor;
    context.fill();
    if (!body.classList.contains("missing")) continue;
    context.strokeStyle = color;
    context.setLineDash([3, 3]);
    context.stroke();
    context.setLineDash([]);
  }
}

// Every text of an element, where it stands; what cannot be seen has marks instead.
function drawTexts(context, element, { dx, dy }) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (!text.data.trim() || text.parentElement.matches("[data-mark]")) continue;
    const style = getComputedStyle(text.parentElement);
    Object.assign(context, { font: fontOf(style), fillStyle: style.color, direction: style.direction, textAlign: "left" });
    const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = context.measureText("x");
    for (const { shown, box } of fragmentsOf(text)) {
      context.fillText(shown, box.left + dx, box.top + dy + (box.height - ascent - descent) / 2 + ascent);
    }
  }
}

function fontOf({ fontStyle, fontWeight, fontSize, fontFamily }) {
  return `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
}

// A text in the parts that stand on one line each.
function fragmentsOf(text) {
  const range = document.createRange();
  range.selectNodeContents(text);
  const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
  if (boxes.length <= 1) return boxes.map((box) => ({ shown: text.data, box }));
  const fragments = [];
  let at = 0;
  for (const character of text.data) {
    range.setStart(text, at);
    range.setEnd(text, (at += character.length));
    const box = range.getClientRects()[0];
    if (!box) continue;
    const last = fragments.at(-1);
    if (last && Math.abs(last.box.top - box.top) < 2) {
      last.shown += character;
      if (box.left < last.box.left) last.box = box; // from right to left
    } else fragments.push({ shown: character, box });
  }
  return fragments;
}

// What the style sheet draws before or after an element: a sign for what cannot be seen, or the part of a character.
function drawMark(context, element, { dx, dy }) {
  const boxes = element.getClientRects();
  if (!boxes.length) return;
  const { mark, part } = element.dataset;
  const box = mark ? boxes[0] : boxes[boxes.length - 1];
  const isCode = part || element.classList.contains("hidden");
  const pseudo = getComputedStyle(element, mark ? "::before" : "::after");
  Object.assign(context, { font: fontOf(pseudo), fillStyle: pseudo.color, direction: "ltr", textAlign: "left" });
  const { width } = context.measureText(mark ?? part);
  let x = box.left + dx;
  if (part && !mark) x = box.right + dx - width - 4;
  else if (isCode) x += 4;
  else if (mark === "·") x += (box.width - width) / 2;
  const middle = box.top + dy + box.height / 2;
  context.textBaseline = "middle";
  context.fillText(mark ?? part, x, middle);
  context.textBaseline = "alphabetic";
  if (!isCode) return;
  context.strokeStyle = pseudo.borderTopColor;
  context.strokeRect(x - 3, middle - 7.5, width + 6, 14);
}

function drawWindowStart(context, element, { dx, dy }) {
  const { left, top, width, height } = element.getBoundingClientRect();
  context.strokeStyle = getComputedStyle(element, "::before").borderInlineStartColor;
  context.setLineDash([4, 3]);
  context.beginPath();
  context.moveTo(left + dx + width / 2, top + dy);
  context.lineTo(left + dx + width / 2, top + dy + height);
  context.stroke();
  context.setLineDash([]);
}
