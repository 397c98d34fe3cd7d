// The component of ui.token_pair: tokens of two texts, one above the other, with their values and the change.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".pairs");
  const theme = isDark(root) ? "dark" : "light";
  const drawn = `${data.content} ${theme}`;
  if (root.drawn === drawn) return;
  if (root.text !== data.text) root.opened = new Set(); // of other neurons, what the reader has opened stays open
  Object.assign(root, { drawn, text: data.text });
  root.dataset.theme = theme;
  root.replaceChildren(...data.blocks.map((block) => drawPairBlock(data, block, theme, root.opened)));
}

function drawPairBlock(data, block, theme, opened) {
  const group = element("section", "block");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", `${block.title}. ${block.subtitle}`);
  const titles = element("div", "titles");
  titles.append(element("div", "title", block.title), element("div", "subtitle", block.subtitle));
  const header = element("div", "header");
  header.append(titles, drawPairLegend(block, theme));
  const list = element("ol", "aligned");
  list.setAttribute("aria-label", "Tokens of the first text, above those of the second one");
  list.append(drawRowNames(), ...drawPairs(data, block, theme, opened));
  group.append(header, list);
  return group;
}

function drawPairLegend(block, theme) {
  const legend = element("div", "legend");
  legend.setAttribute("role", "img");
  legend.setAttribute("aria-label", `Colours of the change, from ${block.ends[0]} to ${block.ends[2]}`);
  const bar = element("div", "bar");
  const stops = block.ramps[theme].filter((_, i) => i % 10 === 0).map(([background]) => background);
  bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  const labels = element("div", "labels");
  labels.append(...block.ends.map((value) => element("span", "number", value)));
  legend.append(bar, labels);
  return legend;
}

function drawRowNames() {
  const names = element("li", "pair row-names");
  names.setAttribute("aria-hidden", "true");
  names.append(...["First", "", "Second", "", "Change"].map((name) => element("span", "row-name", name)));
  return names;
}

// Long rows of equal tokens begin folded: a button stands for those in the middle, which are not built before.
function drawPairs(data, block, theme, opened) {
  const items = [];
  const build = (from, to) => Array.from({ length: to - from }, (_, i) => drawPair(data, block, from + i, theme));
  let at = 0;
  data.folds.forEach(([from, to], k) => {
    items.push(...build(at, from));
    const name = `${from} ${block.title}`;
    if (opened.has(name)) items.push(...build(from, to));
    else items.push(drawFold(to - from, block.folded[k], () => opened.add(name) && build(from, to)));
    at = to;
  });
  return [...items, ...build(at, data.pairs.length)];
}

function drawFold(n, largest, open) {
  const item = element("li", "pair fold");
  const button = element("button", "", `${n.toLocaleString("en")} equal tokens, change up to ${largest}`);
  button.type = "button";
  button.title = "Show them";
  button.onclick = () => {
    const folded = open();
    folded[0].tabIndex = -1;
    item.replaceWith(...folded);
    folded[0].focus({ preventScroll: true });
  };
  item.append(button);
  return item;
}

function drawPair(data, block, i, theme) {
  const item = element("li", `pair ${data.kinds[i]}`);
  const spokenParts = [];
  data.pairs[i].forEach((place, side) => {
    const { pieces, parts } = data.texts[side];
    if (place < 0) {
      item.append(element("span", "no-token"), element("span", "number"));
      return;
    }
    const value = block.values[side][i];
    item.append(drawToken(pieces[place], parts[place]), element("span", "number", value));
    spokenParts.push(`${side ? "second" : "first"} text: ${spoken(data.texts[side], place)}, ${value}`);
  });
  item.append(element("span", "change", block.changes[i]));
  if (block.steps[i] >= 0) {
    [item.style.backgroundColor, item.style.color] = block.ramps[theme][block.steps[i]];
    spokenParts.push(`change ${block.changes[i]}`);
  }
  item.setAttribute("aria-label", `${data.kinds[i]}; ${spokenParts.join("; ")}`);
  return item;
}
