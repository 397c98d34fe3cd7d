// A plot of plotly's as an SVG file: its own layers and our marks on it, with what the page's style sheets say of them.

const SVG = "http://www.w3.org/2000/svg";
// Layers for the hand, which draw nothing.
const FOR_THE_HAND = ".draglayer, .hoverlayer, .zoomlayer, .menulayer";
// What style sheets, and not the element itself, may say of a text or of a mark.
const STYLES = [
  ...["fill", "fill-opacity", "stroke", "stroke-width", "stroke-linejoin", "paint-order"],
  ...["font-family", "font-size", "font-weight", "text-anchor", "opacity"],
];
// What XML cannot hold: most control characters, and halves of characters.
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

async function svgOfPlot(plot, title, paragraphs) {
  const frame = plot.querySelector(".svg-container");
  const [width, plotHeight] = [frame.offsetWidth, frame.offsetHeight];
  const { ground, ink } = lookOfPage();
  const said = isZoomed(plot) ? [...paragraphs, "Zoomed in: what is outside of the axes’ ranges is not shown."] : paragraphs;
  const caption = layoutCaption(title, said, width);
  const height = plotHeight + caption.height;
  const root = node("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "font-family": FONT });
  root.setAttribute("text-rendering", "geometricPrecision"); // letters enlarged, not spaced as for a small size
  root.append(node("title", {}, title), node("style", {}, await fontFace()));
  root.append(node("rect", { width, height, fill: ground }));
  for (const layer of frame.querySelectorAll(":scope > svg, :scope > canvas.point-cloud")) {
    root.append(layer.matches("canvas") ? pointsOf(layer) : copied(layer, width, plotHeight));
  }
  for (const { text, style, y } of caption.lines) {
    const look = { "font-size": `${style.size}px`, "font-weight": style.weight, fill: ink };
    root.append(node("text", { class: "caption", x: PADDING, y: plotHeight + y, ...look }, text));
  }
  const written = new XMLSerializer().serializeToString(root).replace(NOT_XML, "\ufffd");
  return { svg: `<?xml version="1.0" encoding="UTF-8"?>\n${written}\n`, width, height };
}

// Points that ui.point_cloud has drawn: an image, also within an SVG file, which would be too large with each as a shape.
function pointsOf(canvas) {
  const { left: x, top: y, width, height } = canvas.style;
  return node("image", { x, y, width, height, href: canvas.enlarged(SCALE).toDataURL("image/png") });
}

function copied(layer, width, height) {
  const copy = layer.cloneNode(true);
  const styled = layer.matches(".plot-marks") ? "*" : "text, tspan";
  const copies = copy.querySelectorAll(styled);
  layer.querySelectorAll(styled).forEach((original, i) => {
    const computed = getComputedStyle(original);
    copies[i].setAttribute("style", STYLES.map((name) => `${name}: ${computed.getPropertyValue(name)}`).join("; "));
  });
  copy.querySelectorAll(FOR_THE_HAND).forEach((each) => each.remove());
  ["style", "aria-hidden"].forEach((name) => copy.removeAttribute(name));
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  return copy;
}

// Plotly keeps the ranges that a figure came with; null where they followed from the points.
function isZoomed(plot) {
  const axes = Object.values(plot._fullLayout?._plots ?? {}).flatMap(({ xaxis, yaxis }) => [xaxis, yaxis]);
  return axes.some((axis) => {
    if (axis._autorangeInitial) return !axis.autorange;
    const initial = [axis._rangeInitial0, axis._rangeInitial1];
    return initial.every((end) => end !== undefined && end !== null) && axis.range.some((end, i) => end !== initial[i]);
  });
}

function node(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  if (text !== undefined) made.textContent = text;
  return made;
}

// The page's font, in the file itself: with another one, letters would need another width. Nothing if it is not found.
let font = null;
function fontFace() {
  font ??= readFont().catch(() => "");
  return font;
}

async function readFont() {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules].map((rule) => [rule, sheet.href]));
  const isOurs = ([rule]) => rule instanceof CSSFontFaceRule && /^["']?Source Sans["']?$/.test(rule.style.fontFamily);
  const [rule, base] = rules.filter(isOurs).find(([{ style }]) => style.fontStyle !== "italic");
  const [, address] = /url\(["']?([^"')]+)/.exec(rule.style.getPropertyValue("src"));
  const answer = await fetch(new URL(address, base ?? document.baseURI));
  if (!answer.ok) return "";
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let binary = "";
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  const weight = rule.style.fontWeight || "400";
  return `@font-face { font-family: "Source Sans"; font-weight: ${weight}; src: url(data:font/woff2;base64,${btoa(binary)}) }`;
}
