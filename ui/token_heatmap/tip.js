// What is said of the token under the pointer.

const ANEW = "The model's context began anew here";

function showToken(view, token) {
  const index = Number(token.dataset.index);
  const here = blockOf(view, token);
  wantTip(view, {
    name: `${view.blocks.indexOf(here)} ${index} ${view.painted}`,
    index,
    panel: here.panel,
    where: () => besideToken(token),
    content: () => tipOf(view, index, here),
  });
}

function tipOf(view, index, here) {
  const { data } = view;
  const tokens = together(view, index);
  const head = element("div", "tip-head");
  head.append(element("code", "tip-token", tokens.map((one) => readable(data, one)).join("|")));
  head.append(element("span", "tip-place", placeOf(tokens, data.pieces.length)));
  const rows = view.blocks.filter(({ group }) => !group.hidden).map((block) => {
    const row = element("div", block === here ? "tip-row here" : "tip-row");
    const swatch = element("span", "swatch");
    if (typeof block.colours[index] !== "string") [swatch.style.backgroundColor] = block.colours[index];
    const value = element("span", "tip-value", readableNumber(valueOf(view, block, index)));
    row.append(swatch, element("span", "tip-title", block.data.title), value);
    return row;
  });
  const notes = data.windows.includes(tokens[0]) ? [element("div", "tip-note", ANEW)] : [];
  if (tokens.length > 1) notes.unshift(element("div", "tip-note", data.pooled));
  return [head, ...rows, ...notes];
}

function placeOf(tokens, n) {
  const [first, last] = [tokens[0] + 1, tokens.at(-1) + 1].map((number) => number.toLocaleString("en"));
  const which = tokens.length > 1 ? `tokens ${first} to ${last}` : `token ${first}`;
  return `${which} of ${n.toLocaleString("en")}`;
}

function showWindowStart(view, start) {
  const panel = start.closest(".panel");
  const content = () => [element("div", "", ANEW)];
  wantTip(view, { name: "window start", index: null, panel, where: () => besideToken(start), content });
}

// Above the token, so that the hand does not hide it; below where it would cover the legend or leave the window.
function besideToken(token) {
  const at = firstBox(token.querySelector(".body") ?? token);
  return { at, roof: Math.max(token.parentElement.getBoundingClientRect().top, 64) };
}

// One tip a frame, however fast the pointer is, and none if it is there.
function wantTip(view, wanted) {
  const there = view.tip.hidden ? null : view.tipShown;
  view.tipPanel = wanted.panel;
  if (there?.name === wanted.name && !wanted.follows) {
    view.tipWanted = null;
    return;
  }
  if (!view.tipWanted) requestAnimationFrame(() => drawTip(view));
  view.tipWanted = wanted;
}

// All that is read from the page first, before what is written to it: so it is laid out once, and moved without that.
function drawTip(view) {
  const { tip, root, tipWanted: wanted } = view;
  view.tipWanted = null;
  if (!wanted) return;
  const { at, roof } = wanted.where();
  const frame = root.getBoundingClientRect();
  markHovered(view, wanted.index);
  if (tip.hidden || view.tipShown?.name !== wanted.name) tip.replaceChildren(...wanted.content());
  tip.hidden = false;
  view.tipShown = wanted;
  const left = Math.min(at.left - frame.left, frame.width - tip.offsetWidth);
  const above = at.top - tip.offsetHeight - 8;
  const top = above < roof ? at.bottom + 8 : above;
  tip.style.transform = `translate(${Math.max(left, 0)}px, ${top - frame.top}px)`;
}

function hideTip(view) {
  view.tipWanted = null;
  view.tip.hidden = true;
  markHovered(view, null);
}
