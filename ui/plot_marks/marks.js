// Marks over a plot of plotly's, and clicks in it, for ui.plot_marks.
//
// Streamlit calls the default export at every change of the data, and the function that it returns when the component
// goes. The script begins with follow.js.

const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement, setTriggerValue }) {
  const state = (parentElement.plotMarks ??= begin());
  state.data = data;
  state.send = setTriggerValue;
  state.halo = getComputedStyle(parentElement.host ?? parentElement).getPropertyValue("--st-background-color");
  state.followed.look();
  draw(state);
  return () => {
    state.followed.stop();
    delete parentElement.plotMarks;
  };
}

function begin() {
  const state = {};
  const press = (event) => click(state, event);
  state.followed = followPlot({
    find: () => document.querySelector(`.${state.data.plot} .js-plotly-plot`),
    redraw: () => draw(state),
    arrived: (plot) => plot.on("plotly_click", press),
    left: (plot) => {
      plot.querySelector(".plot-marks")?.remove();
      plot.removeListener?.("plotly_click", press);
    },
  });
  return state;
}

// The data may be those of the next figure already: the plot itself knows which one is on the screen.
function click({ followed: { plot }, data, send }, event) {
  if (data.placed) return; // what is clicked in is no trace of plotly's
  const point = event.points.find((each) => data.across || each.curveNumber === 0);
  if (point) send("clicked", { place: data.across ? column(point) : point.pointNumber, drawn: plot.layout.meta });
}

// An image's columns have names; its points are numbered by row and column.
function column({ pointNumber, x }) {
  return Array.isArray(pointNumber) ? pointNumber[1] : x;
}

// ---------------------------------------------------------------- drawing

function draw({ followed: { plot }, data, halo }) {
  const frame = plot?.querySelector(".svg-container");
  const parts = Object.values(plot?._fullLayout?._plots ?? {});
  if (!frame || !parts.length) return;
  frame.querySelector(":scope > .plot-marks")?.remove();
  const layer = element("svg", {
    class: "plot-marks",
    width: "100%",
    height: "100%",
    "aria-hidden": "true",
    style: `position: absolute; inset: 0; pointer-events: none; overflow: hidden; --halo: ${halo || "transparent"}`,
  });
  const labels = [];
  for (const mark of data.marks) {
    if (data.band) parts.forEach((part) => drawBand(layer, part, mark));
    else if (data.across) labels.push(parts.map((part) => drawLines(layer, part, mark))[0]);
    else labels.push(drawRing(layer, parts[0], data.placed ? mark : plot.calcdata?.[0]?.[mark.place], mark));
  }
  write(layer, labels.reverse()); // the selected one first: another one on it is left out
  frame.append(layer);
}

// Both return the place of the neuron's number.
function drawRing(layer, { xaxis, yaxis }, point, mark) {
  if (!Number.isFinite(point?.x) || !Number.isFinite(point?.y)) return null;
  const [x, y] = [xaxis.c2p(point.x), yaxis.c2p(point.y)];
  if (x < 0 || y < 0 || x > xaxis._length || y > yaxis._length) return null; // outside of what a zoom shows
  const r = mark.selected ? 10 : 8;
  const ring = { cx: xaxis._offset + x, cy: yaxis._offset + y, r, fill: "none" };
  layer.append(
    element("circle", { ...ring, style: `stroke: var(--halo); stroke-width: ${mark.selected ? 6 : 4}` }),
    element("circle", { ...ring, style: `stroke: currentColor; stroke-width: ${mark.selected ? 2.5 : 1.25}` }),
  );
  const half = width(mark) / 2;
  const inside = Math.min(Math.max(x, half), xaxis._length - half);
  return { mark, x: xaxis._offset + inside - half, y: yaxis._offset + y + (y > 26 ? -r - 6 : r + 14) };
}

// A line on each side of the column: one on it would hide the column.
function drawLines(layer, { xaxis, yaxis }, mark) {
  const x = xaxis.c2p(mark.place);
  if (!(x >= 0 && x <= xaxis._length)) return null;
  const aside = Math.max(2.5, xaxis.c2p(mark.place + 0.5) - x + 1);
  const top = yaxis._offset;
  for (const left of [xaxis._offset + x - aside, xaxis._offset + x + aside]) {
    const line = { x1: left, x2: left, y1: top, y2: top + yaxis._length };
    layer.append(
      element("line", { ...line, style: `stroke: var(--halo); stroke-width: ${mark.selected ? 3 : 2}` }),
      element("line", { ...line, style: `stroke: currentColor; stroke-width: ${mark.selected ? 1.5 : 0.75}` }),
    );
  }
  const right = x + aside + 4;
  const inside = right + width(mark) > xaxis._length ? x - aside - 4 - width(mark) : right;
  return { mark, x: xaxis._offset + inside, y: top + 14 };
}

// Shade of the column: what is drawn there stays as it is.
function drawBand(layer, { xaxis, yaxis }, mark) {
  const [left, right] = [-0.5, 0.5].map((half) => Math.min(Math.max(xaxis.c2p(mark.place + half), 0), xaxis._length));
  const place = { x: xaxis._offset + left, y: yaxis._offset, width: Math.max(right - left, 2), height: yaxis._length };
  layer.append(element("rect", { ...place, class: "band", style: "fill: currentColor; fill-opacity: 0.1; stroke: none" }));
}

// About as wide as the number is drawn, in pixels.
function width(mark) {
  return mark.label.length * (mark.selected ? 8.5 : 7);
}

function write(layer, labels) {
  const written = [];
  for (const label of labels.filter(Boolean)) {
    const { mark, x, y } = label;
    if (written.some((other) => meet(label, other))) continue;
    written.push(label);
    const text = element("text", {
      class: mark.selected ? "selected" : "pinned",
      x,
      y,
      style:
        "fill: currentColor; stroke: var(--halo); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; " +
        `font-family: "Source Sans", sans-serif; ` +
        `font-size: ${mark.selected ? 14 : 12}px; font-weight: ${mark.selected ? 600 : 400}`,
    });
    text.textContent = mark.label;
    layer.append(text);
  }
}

function meet(one, other) {
  const [left, right] = one.x < other.x ? [one, other] : [other, one];
  return left.x + width(left.mark) > right.x && Math.abs(one.y - other.y) < 14;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}
