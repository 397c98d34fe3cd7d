// What is said of the token under the pointer.

const ANEW = "The model's context began anew here";

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
