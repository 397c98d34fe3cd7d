// Points on a canvas. Each look is drawn once, and stamped for each point: so a hundred thousand points take a fraction
// of a second, without WebGL.

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

// A canvas of the points, with so many pixels for each of the page's. The colours are mixed here, pixel by pixel: for a
// browser without a graphics card, that is many times as fast as to draw a hundred thousand pictures.
function painted(points, places, width, height, scale, colours) {
  const canvas = canvasOfSize(width * scale, height * scale);
  const [across, down] = [canvas.width, canvas.height];
  const pixels = new Uint8ClampedArray(4 * across * down); // colours times their opacity
  const { kind, marks } = points.columns;
  const stamps = points.header.looks.map((look) => [false, true].map((hollow) => stampOf(look, hollow, scale, colours)));
  for (const i of points.order) {
    if (Number.isNaN(places[2 * i])) continue;
    const { side, dots } = stamps[kind[i]][kind[i] && marks[i] ? 1 : 0];
    const left = Math.round(places[2 * i] * scale - side / 2);
    const top = Math.round(places[2 * i + 1] * scale - side / 2);
    for (let at = 0; at < dots.length; at += 6) {
      const x = left + dots[at];
      const y = top + dots[at + 1];
      if (x < 0 || y < 0 || x >= across || y >= down) continue;
      const pixel = 4 * (y * across + x);
      const behind = 1 - dots[at + 5] / 255;
      pixels[pixel] = dots[at + 2] + pixels[pixel] * behind;
      pixels[pixel + 1] = dots[at + 3] + pixels[pixel + 1] * behind;
      pixels[pixel + 2] = dots[at + 4] + pixels[pixel + 2] * behind;
      pixels[pixel + 3] = dots[at + 5] + pixels[pixel + 3] * behind;
    }
  }
  for (let pixel = 0; pixel < pixels.length; pixel += 4) {
    const opacity = pixels[pixel + 3];
    if (!opacity || opacity === 255) continue;
    for (let channel = pixel; channel < pixel + 3; channel += 1) pixels[channel] = (pixels[channel] * 255) / opacity;
  }
  canvas.getContext("2d").putImageData(new ImageData(pixels, across, down), 0, 0);
  return canvas;
}

// The pixels of a look that are not empty, six numbers each: the place, and the colour times its opacity.
function stampOf(look, hollow, scale, colours) {
  const side = Math.ceil((look.size + 3) * scale);
  const seen = drawnLook(look, hollow, side, scale, colours).getImageData(0, 0, side, side).data;
  const dots = [];
  for (let i = 0; i < side * side; i += 1) {
    const [red, green, blue, opacity] = seen.subarray(4 * i, 4 * i + 4);
    const share = opacity / 255;
    if (opacity) dots.push(i % side, Math.floor(i / side), red * share, green * share, blue * share, opacity);
  }
  return { side, dots: Float32Array.from(dots) };
}

function drawnLook({ role, symbol, size, opacity }, hollow, side, scale, colours) {
  const context = canvasOfSize(side, side).getContext("2d", { willReadFrequently: true });
  context.translate(side / 2, side / 2);
  context.scale(scale, scale);
  context.globalAlpha = opacity;
  context.fillStyle = context.strokeStyle = colours[role];
  context.lineWidth = size > 8 ? 1.5 : 1;
  outline(context, symbol, (size - (hollow ? context.lineWidth : 0)) / 2);
  if (hollow) context.stroke();
  else context.fill();
  return context;
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
  probe.style.transition = "none"; // else the next colour begins as the one before, where motion is reduced (style.css)
  within.append(probe);
  const colours = {};
  for (const { role } of looks) {
    probe.style.backgroundColor = `var(--gn-${role})`; // not the colour of text, which is ink on paper
    colours[role] = getComputedStyle(probe).backgroundColor;
  }
  probe.remove();
  return colours;
}
