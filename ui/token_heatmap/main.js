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
  const before = root.view?.data.text === data.text ? root.view.selected : null;
  const selected = data.selectedAt >= root.chosenAt.selected || before === null ? data.selected : before;
  if (data.displayAt >= root.chosenAt.display) root.display = data.display;
  if (root.drawn !== drawn) {
    root.view = draw(root, data, theme);
    root.drawn = drawn;
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
  if (selected !== null && selected !== before) reveal(view, selected);
  markSelected(view, selected);
  handleEvents(root, view);
  drawSearch(parentElement, view);
  drawRanked(parentElement, view);
}

function afterPaint(act) {
  requestAnimationFrame(() => setTimeout(act));
}
