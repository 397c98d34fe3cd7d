// What is said of the token under the pointer.

const ANEW = "The model's context began anew here";

function showToken(view, token) {
  const index = Number(token.dataset.index);
  markHovered(view, index);
  const here = blockOf(view, token);
  showTip(view, token, tipOf(view, index, here));
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

function showTip(view, anchor, content) {
  if (anchor.classList.contains("window-start")) markHovered(view, null);
  const at = firstBox(anchor.querySelector(".body") ?? anchor);
  view.tipPanel = anchor.closest(".panel");
  // Above the token, so that the hand does not hide it; below where it would cover the legend or leave the window.
  placeTip(view, at, Math.max(anchor.parentElement.getBoundingClientRect().top, 64), content);
}

function placeTip(view, at, roof, content) {
  const { tip, root } = view;
  const frame = root.getBoundingClientRect();
  tip.replaceChildren(...content);
  tip.hidden = false;
  const left = Math.min(at.left - frame.left, frame.width - tip.offsetWidth);
  const above = at.top - tip.offsetHeight - 8;
  const top = above < roof ? at.bottom + 8 : above;
  tip.style.left = `${Math.max(left, 0)}px`;
  tip.style.top = `${top - frame.top}px`;
}

function hideTip(view) {
  view.tip.hidden = true;
  markHovered(view, null);
}
