// The component of ui.point_cloud: points over a plot of plotly's, which has the axes, the legend and the zoom.
//
// Streamlit calls the default export at every run, and the function that it returns when the component goes. The data
// are bytes, in which a header says what they show: the plot whose layout says the same is theirs.

const CLICK_PIXELS = 4; // a press that moves farther is a drag
const TIP_STYLE =
  "position: absolute; pointer-events: none; z-index: 5; padding: 4px 8px; max-width: 100%; box-sizing: border-box; " +
  "background: var(--gn-page); color: var(--gn-ink); border: 1px solid var(--gn-neutral); border-radius: 2px; " +
  `font: 12px/1.45 "Source Sans", sans-serif; white-space: nowrap`;

export default function ({ data, parentElement, setTriggerValue }) {
  const state = (parentElement.pointCloud ??= begin());
  state.send = setTriggerValue;
  const points = readPoints(data);
  if (state.points?.header.content !== points.header.content) {
    state.points = points;
    state.followed.look();
    draw(state);
  }
  return () => {
    state.followed.stop();
    delete parentElement.pointCloud;
  };
}

function begin() {
  const state = { points: null, shown: null, hand: null };
  state.followed = followPlot({
    find: () => [...document.querySelectorAll(".js-plotly-plot")].find((plot) => isOf(state, plot)),
    redraw: () => draw(state),
    arrived: (plot) => {
      state.hand = handOn(state, plot);
    },
    left: (plot) => {
      state.hand?.abort();
      state.shown = null;
      plot.querySelectorAll(".point-cloud, .point-tip").forEach((each) => each.remove());
      plot.classList.remove("on-point");
    },
  });
  return state;
}

function isOf({ points }, plot) {
  return points && plot.layout?.meta === points.header.drawn;
}

function draw(state) {
  const { plot } = state.followed;
  const [part] = Object.values(plot?._fullLayout?._plots ?? {});
  const frame = plot?.querySelector(".svg-container");
  if (!part || !frame || !isOf(state, plot)) return;
  const { xaxis, yaxis } = part;
  const [width, height] = [xaxis._length, yaxis._length];
  const colours = coloursOf(state.points.header.looks, frame);
  const scale = Math.min(devicePixelRatio || 1, 3);
  const shown = [xaxis.range, yaxis.range, xaxis._offset, yaxis._offset, width, height, scale, colours];
  const drawn = JSON.stringify([state.points.header.content, ...shown]);
  if (frame.querySelector(":scope > .point-cloud")?.dataset.drawn === drawn) return;
  const places = placesOf(state.points, part);
  const canvas = painted(state.points, places, width, height, scale, colours);
  canvas.className = "point-cloud";
  canvas.dataset.drawn = drawn;
  canvas.setAttribute("aria-hidden", "true");
  const box = `left: ${xaxis._offset}px; top: ${yaxis._offset}px; width: ${width}px; height: ${height}px`;
  canvas.style = `position: absolute; pointer-events: none; ${box}`;
  // For a saved picture, which has more pixels (ui/exporter).
  canvas.enlarged = (larger) => painted(state.points, places, width, height, larger, colours);
  frame.querySelector(":scope > .point-cloud")?.remove();
  frame.querySelector(":scope > .main-svg").after(canvas); // the axes' names and the marks are over it
  state.shown = { frame, xaxis, yaxis, index: indexOf(places, width, height) };
  hideTip(state);
}

// ---------------------------------------------------------------- the pointer

// Listen to the pointer over a plot, until the result is aborted.
function handOn(state, plot) {
  const hand = new AbortController();
  const listen = (element, name, heard) => element.addEventListener(name, heard, { signal: hand.signal, capture: true });
  let pressed = null;
  listen(plot, "pointermove", (event) => point(state, event));
  listen(plot, "pointerleave", () => hideTip(state));
  listen(plot, "pointerdown", (event) => {
    pressed = event.button === 0 ? event : null;
  });
  // On the window: while a button is down, plotly covers the page.
  listen(window, "pointerup", (event) => {
    const moved = pressed && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY);
    if (moved !== null && moved <= CLICK_PIXELS) press(state, pressed);
    pressed = null;
  });
  return hand;
}

// The point under the pointer, or -1, and where the pointer is in the frame.
function under({ shown, points }, { clientX, clientY, target }) {
  if (!shown || !target.closest?.(".nsewdrag")) return -1;
  const box = shown.frame.getBoundingClientRect();
  const [x, y] = [clientX - box.left - shown.xaxis._offset, clientY - box.top - shown.yaxis._offset];
  return nearestTo(x, y, shown.index, points.columns.kind);
}

function point(state, event) {
  const i = under(state, event);
  if (i < 0 || event.buttons) return hideTip(state);
  const { frame, xaxis, yaxis, index } = state.shown;
  const [x, y] = [xaxis._offset + index.places[2 * i], yaxis._offset + index.places[2 * i + 1]];
  let tip = frame.querySelector(":scope > .point-tip");
  if (!tip) {
    tip = Object.assign(document.createElement("div"), { className: "point-tip", hidden: true });
    tip.style = TIP_STYLE;
    tip.setAttribute("aria-hidden", "true");
    frame.append(tip);
  }
  state.followed.plot.classList.add("on-point");
  showTip(tip, linesOf(i, state.points), x, y, frame);
}

function hideTip(state) {
  state.shown?.frame.querySelector(":scope > .point-tip")?.remove();
  state.followed.plot?.classList.remove("on-point");
}

function press(state, event) {
  const i = under(state, event);
  if (i >= 0) state.send("clicked", { place: i, drawn: state.points.header.drawn });
}
