// The component of ui.token_heatmap. Text enters the page through textContent and attributes only.
//
// Streamlit calls the default export again at every change of the data or the theme, without cleaning up:
// handlers are therefore assigned (root.onclick = ...), and the tokens are rebuilt only when they changed.

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".heatmap");
  const theme = isDark(root) ? "dark" : "light";
  const drawn = `${data.content} ${theme}`;
  // What the user has done since Python sent this is not undone by it.
  root.chosenAt ??= { display: 0, selected: 0 };
  const sameText = root.view?.data.text === data.text;
  const before = sameText ? root.view.selected : null;
  const selected = data.selectedAt >= root.chosenAt.selected || !sameText ? data.selected : before;
  if (data.displayAt >= root.chosenAt.display) root.display = data.display;
  if (root.drawn !== drawn) {
    const places = sameText ? placesOf(root.view) : null;
    root.view = draw(root, data, theme);
    root.drawn = drawn;
    paint(root.view); // before it is in the page: a hidden block needs no layout
    attach(root.view, !sameText);
    if (places) goBack(root.view, places);
  }
  const view = root.view;
  view.select = (index) => {
    root.chosenAt.selected = Date.now();
    markSelected(view, index);
    setStateValue("clicked", { index, text: data.text, at: root.chosenAt.selected });
  };
  view.show = (changes, final = true) => {
    root.chosenAt.display = Date.now();
    root.display = { ...root.display, ...changes };
    paint(view);
    if (final) afterPaint(() => setStateValue("display", { ...root.display, at: root.chosenAt.display }));
  };
  paint(view);
  if (selected !== null && selected !== before) {
    reveal(view, selected);
    // Selected elsewhere on the page. On arrival the window stays at its top.
    if (sameText) firstShown(view).tokens[selected]?.scrollIntoView({ block: "center" });
  }
  markSelected(view, selected);
  handleEvents(root, view);
  drawSearch(parentElement, view);
  drawRanked(parentElement, view);
}

// Where a reader is in the text: how far each panel is scrolled, as a share of what it can be, and the keyboard's token.
function placesOf(view) {
  const focused = view.blocks.findIndex((block) => block.tabStop?.matches(":focus"));
  const shares = view.blocks.map(({ panel }) => panel.scrollTop / Math.max(panel.scrollHeight - panel.clientHeight, 1));
  const stop = Number((view.blocks[focused] ?? firstShown(view))?.tabStop?.dataset.index ?? 0);
  return { shares, focused, stop };
}

// The same text was drawn with other neurons: the reader stays where they were.
function goBack(view, { shares, focused, stop }) {
  view.blocks.forEach((block, i) => {
    setTabStop(view, block, stop);
    const { panel } = block;
    panel.scrollTop = (shares[i] ?? Math.max(...shares)) * (panel.scrollHeight - panel.clientHeight);
  });
  if (focused >= 0) view.blocks[focused]?.tabStop?.focus({ preventScroll: true });
}

function afterPaint(act) {
  requestAnimationFrame(() => setTimeout(act));
}
