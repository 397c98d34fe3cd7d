// The line chart below the text: each neuron's values from token to token, on the scale of the two classes.

const SVG = "http://www.w3.org/2000/svg";
const DASHES = ["none", "7 4", "2 3"]; // of neurons of one class, in turn

function drawChart(view) {
  const lines = view.blocks.filter(({ data }) => data.line);
  if (!lines.length || view.data.pieces.length < 2) return { nodes: [], lines: [] };
  const section = element("section", "chart");
  section.setAttribute("role", "group");
  section.setAttribute("aria-label", "Values along the text");
  const head = element("div", "chart-head");
  head.append(element("div", "title", "Values along the text"), drawKey(view, lines));
  const area = element("div", "chart-area");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("preserveAspectRatio", "none");
  const cursors = { hovered: element("div", "cursor hovered-token"), selected: element("div", "cursor selected-token") };
  const labels = { top: element("span", "edge top"), bottom: element("span", "edge bottom") };
  area.append(svg, ...Object.values(labels), cursors.selected, cursors.hovered);
  const places = element("div", "labels");
  places.append(element("span", "", "token 1"), element("span", "", view.data.pieces.length.toLocaleString("en")));
  section.append(head, element("div", "note", view.data.chart), area, places);
  handleChart(view, area);
  return { nodes: [section], lines, svg, cursors, labels };
}

function drawKey(view, lines) {
  const key = element("div", "chart-key");
  lines.forEach((block) => {
    const item = element("span", "key-item");
    const sample = document.createElementNS(SVG, "svg");
    sample.setAttribute("viewBox", "0 0 24 8");
    sample.setAttribute("class", "key-line");
    sample.setAttribute("aria-hidden", "true");
    sample.append(document.createElementNS(SVG, "path"));
    sample.firstChild.setAttribute("d", "M0 4H24");
    item.append(sample, block.data.title.split(" · ")[0]);
    key.append(item);
  });
  return key;
}

function paintChart(view) {
  const { chart } = view;
  if (!chart.nodes.length) return;
  const n = view.data.pieces.length;
  const series = chart.lines.map((block) => lineOf(view, block));
  const finite = series.flatMap((line) => line.filter(Number.isFinite));
  const [low, high] = finite.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [-1, 1]);
  const margin = (high - low) / 20;
  const y = (value) => 100 * (1 - (value - low + margin) / (high - low + 2 * margin));
  chart.svg.setAttribute("viewBox", `0 0 ${n - 1} 100`);
  const rules = [-1, 0, 1].map((value) => drawPath(`M0 ${y(value)}H${n - 1}`, value ? "rule" : "rule zero"));
  const paths = series.map((line, i) => styledPath(view, i, drawPath(pathOf(line, y), "line")));
  chart.svg.replaceChildren(...rules, ...paths);
  chart.svg.setAttribute("aria-label", nameOfChart(view, series));
  [...chart.nodes[0].querySelectorAll(".key-line path")].forEach((path, i) => styledPath(view, i, path));
  chart.labels.top.textContent = readableNumber(high);
  chart.labels.bottom.textContent = readableNumber(low);
}

// A neuron's values with its own class's mean at 1, and the other's at -1.
function lineOf(view, block) {
  const [middle, half] = block.data.line;
  const values = isByWord(view) ? Float64Array.from(view.groups, (group) => block.values.word[group]) : block.values.token;
  return Array.from(values, (value) => (value - middle) / half);
}

function pathOf(line, y) {
  let pen = "M";
  return line.map((value, i) => {
    if (!Number.isFinite(value)) {
      pen = "M";
      return "";
    }
    const point = `${pen}${i} ${y(value).toFixed(2)}`;
    pen = "L";
    return point;
  }).join("");
}

function drawPath(shape, className) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", shape);
  path.setAttribute("class", className);
  return path;
}

// The hue of the neuron's class; several of one class differ in their dashes.
function styledPath(view, i, path) {
  const { data } = view.chart.lines[i];
  const step = view.theme === "dark" ? 165 : 140;
  const [stroke] = coloursOf(paletteOf(view, data.role), view.theme)[step];
  const before = view.chart.lines.slice(0, i).filter((block) => block.data.role === data.role).length;
  Object.assign(path.style, { stroke, strokeDasharray: DASHES[before % DASHES.length] });
  return path;
}

function nameOfChart(view, series) {
  const sentences = series.map((line, i) => {
    const [lowest, highest] = [line.indexOf(Math.min(...line)), line.indexOf(Math.max(...line))];
    const title = view.chart.lines[i].data.title;
    if (lowest < 0 || highest < 0) return title;
    return `${title}: highest at ${spoken(view.data, highest)} (token ${highest + 1}), lowest at ${spoken(view.data, lowest)} (token ${lowest + 1})`;
  });
  return `Line chart over ${view.data.pieces.length} tokens. ${sentences.join(". ")}.`;
}

function markInChart(view, which, index) {
  const cursor = view.chart?.cursors?.[which];
  if (!cursor) return;
  cursor.hidden = index === null;
  if (index !== null) cursor.style.left = `${(100 * index) / (view.data.pieces.length - 1)}%`;
}

function handleChart(view, area) {
  const indexAt = (event) => {
    const box = area.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    return Math.round(Math.min(Math.max(share, 0), 1) * (view.data.pieces.length - 1));
  };
  const show = (event) => {
    const index = indexAt(event);
    const left = event.clientX + 12;
    const where = () => {
      const { top, bottom } = area.getBoundingClientRect();
      return { at: { left, top, bottom }, roof: 64 };
    };
    const name = `chart ${index} ${view.painted}`;
    wantTip(view, { name, index, panel: null, follows: true, where, content: () => tipOf(view, index, null) });
  };
  area.onpointermove = (event) => event.pointerType !== "touch" && show(event);
  area.onpointerleave = (event) => event.pointerType !== "touch" && hideTip(view);
  area.onclick = (event) => {
    const index = indexAt(event);
    view.select(index);
    reveal(view, index);
    view.blocks.forEach((block) => setTabStop(view, block, index));
    if (view.root.pointer === "touch") show(event);
  };
}
