// What is said of the point under the pointer. Texts enter it through textContent alone.

const MARKS = ["", "silent", "reverses", "silent, reverses"];

function linesOf(i, { header, columns }) {
  const { statistic, g, before, after, log10_p: p, marks } = columns;
  const layer = header.layers[Math.floor(i / header.neurons)];
  return [
    [`Neuron ${i % header.neurons} of layer ${layer}`, MARKS[marks[i]]],
    ["", `${header.letter} = ${withSign(statistic[i])}, g = ${withSign(g[i])}, adjusted p = ${readableP(p[i])}`],
    ["", `AUC before the nonlinearity ${readableAuc(before[i])}, after ${readableAuc(after[i])}`],
  ];
}

function withSign(value) {
  return `${value > 0 ? "+" : ""}${readableNumber(value)}`;
}

// As core.report.readable.readable_auc: three decimals, or as many as it takes not to read 0 or 1.
function readableAuc(value) {
  if (value === 0 || value === 1) return String(value);
  for (let n = 3; n < 17; n += 1) {
    const text = value.toFixed(n);
    if (Number(text) > 0 && Number(text) < 1) return text;
  }
  return "not a number";
}

// As core.report.readable.readable_p: two significant digits, from the decimal logarithm, however small p is.
function readableP(log10) {
  if (Number.isNaN(log10)) return "not a number";
  if (log10 >= 0) return "1";
  if (log10 > -4) {
    for (let n = 2; n < 18; n += 1) {
      const text = (10 ** log10).toPrecision(n);
      if (Number(text) < 1) return Number(text) < 1e-4 ? "0.00010" : text;
    }
    return "1";
  }
  const power = Math.floor(log10);
  const mantissa = (10 ** (log10 - power)).toFixed(1);
  const [digits, exponent] = mantissa === "10.0" ? ["1.0", power + 1] : [mantissa, power];
  return `${digits}e−${-exponent}`;
}

// Beside the point, on the side that has more room.
function showTip(tip, lines, x, y, frame) {
  tip.replaceChildren(
    ...lines.map(([strong, text]) => {
      const line = document.createElement("span"); // plotly's style gives each div within a plot a font of its own
      line.style.display = "block";
      if (strong) line.append(Object.assign(document.createElement("b"), { textContent: strong }), " ");
      line.append(text);
      return line;
    }),
  );
  tip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const right = x + 14 + width <= frame.offsetWidth;
  const left = right ? x + 14 : Math.max(0, Math.min(x - 14 - width, frame.offsetWidth - width));
  const covers = !right && x - 14 - width < 0; // a phone has no room beside the point
  const top = covers ? y - height - 14 : y - height / 2;
  tip.style.left = `${left}px`;
  tip.style.top = `${Math.max(0, Math.min(top, frame.offsetHeight - height))}px`;
}
