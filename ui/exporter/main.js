// The component of ui.exporter: buttons for the pictures that are on the page. Texts enter it through textContent alone.
//
// Streamlit calls the default export again at every change of the data, without cleaning up.

const NOTHING = "No picture is shown on this page now. Those of another tab are offered once it is open.";

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".pictures");
  const status = element("div", "status");
  status.setAttribute("role", "status");
  const rows = data.figures.filter(({ key }) => plotOf(key)).map((figure) => rowOf(figure, figureFormats(figure, data), status));
  if (data.heatmap && heatmapOf(data.heatmap.key)) rows.push(rowOf(data.heatmap, heatmapFormats(data.heatmap, data), status));
  status.textContent = rows.length ? "" : NOTHING;
  root.replaceChildren(...rows, status);
  focusPopover(parentElement);
}

function plotOf(key) {
  const plot = document.querySelector(`.st-key-${CSS.escape(key)} .js-plotly-plot`);
  return plot?._fullLayout && plot.offsetWidth > 0 ? plot : null; // in a tab that is not shown, it has no width
}

// The heatmap is in the shadow of its own element.
function heatmapOf(key) {
  const inside = document.querySelectorAll(`.st-key-${CSS.escape(key)} *`);
  const host = [...inside].find((each) => each.shadowRoot?.querySelector(".heatmap .panel"));
  return host?.shadowRoot.querySelector(".heatmap") ?? null;
}

function figureFormats({ key, title, file, lines: own }, { lines }) {
  const drawn = () => {
    const plot = plotOf(key);
    if (!plot) throw new Error("This figure is no longer on the page.");
    return svgOfPlot(plot, title, own?.length ? own : lines);
  };
  return {
    SVG: async () => saveFile(svgBlob((await drawn()).svg), `${file}.svg`),
    PNG: async () => saveFile(await pngOfSvg(await drawn()), `${file}.png`),
  };
}

function heatmapFormats({ key, title, file }, { lines }) {
  const save = async () => {
    const heatmap = heatmapOf(key);
    if (!heatmap) throw new Error("The text is no longer on the page.");
    saveFile(await pngOfHeatmap(heatmap, title, lines), `${file}.png`);
  };
  return { PNG: save };
}

function rowOf({ title, file }, formats, status) {
  const row = element("div", "picture");
  const buttons = element("div", "save-buttons");
  for (const [format, save] of Object.entries(formats)) {
    const button = element("button", "", format);
    button.type = "button";
    button.setAttribute("aria-label", `Save “${title}” as ${format}`);
    button.onclick = () => press(button, save, `${file}.${format.toLowerCase()}`, status);
    buttons.append(button);
  }
  row.append(element("span", "picture-title", title), buttons);
  return row;
}

async function press(button, save, name, status) {
  button.disabled = true;
  try {
    await save();
    status.textContent = `Saved as ${name}.`;
  } catch (error) {
    status.textContent = `Not saved: ${error.message}`;
  } finally {
    button.disabled = false;
  }
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
