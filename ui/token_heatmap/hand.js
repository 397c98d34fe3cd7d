// Pointer and keyboard: hover, selection, and the walk from token to token.

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
