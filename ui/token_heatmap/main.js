// The component of ui.token_heatmap. Text enters the page through textContent and attributes only.
//
// Streamlit calls the default export again at every change of the data or the theme, without cleaning up:
// handlers are therefore assigned (root.onclick = ...), and the tokens are rebuilt only when they changed.

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".heatmap");
  const theme = isDark(root) ? "dark" : "light";
  const drawn = `${data.content} ${theme}`;
  if (root.drawn !== drawn) {
    root.view = draw(root, data, theme);
    root.drawn = drawn;
  }
  const view = root.view;
  view.select = (index) => {
    markSelected(view, index);
    setStateValue("clicked", { index: view.selected, text: data.text, at: Date.now() });
  };
  if (data.selected !== null && data.selected !== view.selected) reveal(view, data.selected);
  markSelected(view, data.selected);
  handleEvents(root, view);
}
