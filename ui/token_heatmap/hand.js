// Pointer and keyboard: hover, selection, and the walk from token to token.

function handleEvents(root, view) {
  root.onpointerdown = (event) => {
    root.pointer = event.pointerType;
  };
  root.onpointerover = (event) => {
    if (event.pointerType === "touch") return; // a tap has its say when it ends, as a click
    const token = event.target.closest(".token");
    const start = event.target.closest(".window-start");
    if (token) showToken(view, token);
    else if (start) showWindowStart(view, start);
    else if (!event.target.closest(".chart-area")) hideTip(view);
  };
  root.onpointerleave = (event) => event.pointerType !== "touch" && hideTip(view);
  root.onclick = (event) => {
    const token = event.target.closest(".token");
    if (!token && !event.target.closest(".chart-area")) hideTip(view);
    if (!token || hasTextSelection()) return;
    const block = blockOf(view, token);
    setTabStop(view, block, Number(token.dataset.index));
    block.tabStop.focus({ preventScroll: true }); // the arrow keys go on from here
    toggle(view, token);
    if (root.pointer !== "touch") return;
    if (view.selected === null) hideTip(view);
    else showToken(view, token);
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
    panel.onscroll = () => {
      if (root.pointer === "touch" && view.tipPanel === panel) hideTip(view); // a finger drags the text from under it
      followScroll(view, panel);
    };
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
  markInChart(view, "selected", index);
}

// To the middle of each panel. The window stays where it is.
function reveal(view, index) {
  view.leader = null;
  view.blocks.forEach(({ panel, tokens }) => {
    if (tokens[index]) toMiddle(panel, tokens[index]);
  });
}

function toMiddle(panel, token) {
  panel.scrollTop += firstBox(token).top - panel.getBoundingClientRect().top - panel.clientHeight / 2;
}

function firstShown(view) {
  return view.blocks.find(({ group }) => !group.hidden);
}

function markHovered(view, index) {
  if (view.hovered === index) return;
  together(view, view.hovered).forEach((one) => eachAt(view, one, (token) => token.classList.remove("hovered")));
  view.hovered = index;
  together(view, index).forEach((one) => eachAt(view, one, (token) => token.classList.add("hovered")));
  markInChart(view, "hovered", index);
}

// The tokens that have one value together with this one: in the view by word those of its word.
function together(view, index) {
  if (index === null) return [];
  if (!isByWord(view)) return [index];
  const group = view.groups[index];
  const first = view.data.words[group];
  const after = view.data.words[group + 1] ?? view.groups.length;
  return Array.from({ length: after - first }, (_, i) => first + i);
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
  token.tabIndex = 0;
  token.setAttribute("role", "button");
  token.setAttribute("aria-label", nameOfToken(view, block, i));
  token.onfocus = () => token.matches(":focus-visible") && showToken(view, token);
  token.onblur = () => hideTip(view);
}

function nameOfToken(view, block, index) {
  const tokens = together(view, index);
  const text = tokens.map((one) => spoken(view.data, one)).join("");
  return `${tokens.length > 1 ? `${text}, word of ${tokens.length} tokens` : `${text}, token ${index + 1}`}, ${readableNumber(valueOf(view, block, index))}`;
}

function moveFocus(view, token, key) {
  const block = blockOf(view, token);
  const index = Number(token.dataset.index);
  const last = block.tokens.length - 1;
  const before = () => together(view, Math.max(together(view, index)[0] - 1, 0))[0];
  const after = () => Math.min(together(view, index).at(-1) + 1, last);
  const targets = {
    ArrowLeft: view.direction === "rtl" ? after : before,
    ArrowRight: view.direction === "rtl" ? before : after,
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

// The other panels go along with the one that the hand scrolls, each as far as its own length allows: the same text is
// longer in a narrow one. What the page scrolls by itself leads nobody.
function followScroll(view, panel) {
  if (view.leader !== panel) return;
  const room = (one) => one.scrollHeight - one.clientHeight;
  const share = panel.scrollTop / Math.max(room(panel), 1);
  view.blocks.forEach((block) => {
    const top = share * room(block.panel);
    if (block.panel !== panel && Math.abs(block.panel.scrollTop - top) > 1) block.panel.scrollTop = top;
  });
}

function followHand(view) {
  const lead = (panel) => () => {
    view.leader = panel;
  };
  view.blocks.forEach(({ panel }) => ["wheel", "pointerdown", "keydown"].forEach((name) => {
    panel.addEventListener(name, lead(panel), { passive: true });
  }));
}
