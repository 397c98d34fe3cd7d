// Points on a canvas. Each look is drawn once, as a small picture, and stamped for each point: so a hundred thousand
// points take a fraction of a second, without WebGL.

// Where each point is, in pixels of the plot's area: x and y by turns, NaN for one that is outside.
function placesOf(points, { xaxis, yaxis }) {
  const [x, y] = points.header.axes.map((name) => valuesOf(name, points));
  const [left, right] = [xaxis.c2p(0), xaxis.c2p(1) - xaxis.c2p(0)]; // both axes are linear
  const [low, up] = [yaxis.c2p(0), yaxis.c2p(1) - yaxis.c2p(0)];
  const places = new Float32Array(2 * x.length);
  for (let i = 0; i < x.length; i += 1) {
    const [across, down] = [left + right * x[i], low + up * y[i]];
    const seen = across >= -8 && down >= -8 && across <= xaxis._length + 8 && down <= yaxis._length + 8;
    places[2 * i] = seen ? across : NaN;
    places[2 * i + 1] = seen ? down : NaN;
  }
  return places;
}

// A canvas of the points, with so many pixels for each of the page's.
function painted(points, places, width, height, scale, colours) {
  const canvas = canvasOfSize(width * scale, height * scale);
  const context = canvas.getContext("2d");
  const { kind, marks } = points.columns;
  const stamps = points.header.looks.map((look) => [false, true].map((hollow) => stampOf(look, hollow, scale, colours)));
  for (const i of points.order) {
    const across = places[2 * i];
    if (Number.isNaN(across)) continue;
    const stamp = stamps[kind[i]][kind[i] && marks[i] ? 1 : 0];
    const half = stamp.width / 2;
    // Whole pixels: anything else would be drawn anew for each point.
    context.drawImage(stamp, Math.round(across * scale - half), Math.round(places[2 * i + 1] * scale - half));
  }
  return canvas;
}

function stampOf({ role, symbol, size, opacity }, hollow, scale, colours) {
  const side = Math.ceil((size + 3) * scale);
  const canvas = canvasOfSize(side, side);
  const context = canvas.getContext("2d");
  context.translate(side / 2, side / 2);
  context.scale(scale, scale);
  context.globalAlpha = opacity;
  context.fillStyle = context.strokeStyle = colours[role];
  context.lineWidth = size > 8 ? 1.5 : 1;
  outline(context, symbol, (size - (hollow ? context.lineWidth : 0)) / 2);
  if (hollow) context.stroke();
  else context.fill();
  return canvas;
}

function outline(context, symbol, radius) {
  context.beginPath();
  if (symbol === "circle") {
    context.arc(0, 0, radius, 0, 2 * Math.PI);
    return;
  }
  const tip = symbol === "up" ? -radius : radius;
  context.moveTo(0, tip);
  context.lineTo(radius * 1.1, -tip * 0.8);
  context.lineTo(-radius * 1.1, -tip * 0.8);
  context.closePath();
}

function canvasOfSize(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  return canvas;
}

// The colours of the looks' roles, in the theme of the page.
function coloursOf(looks, within) {
  const probe = document.createElement("span");
  within.append(probe);
  const colours = {};
  for (const { role } of looks) {
    probe.style.color = `var(--gn-${role})`;
    colours[role] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colours;
}
