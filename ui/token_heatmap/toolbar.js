// How the text is shown: the controls above it. They take effect in the browser at once; Python hears of it afterwards.

const RANGES = [["text", "This text"], ["words", "Word lists"], ["zero", "Around zero"]];
const ENDS = [["90", "5th–95th percentile"], ["", "Lowest–highest"]];
const NOTEBOOK = { scale: "text", by: "token", colours: "notebook", threshold: "0" };

function drawToolbar(view) {
  if (!view.data.toolbar) return { nodes: [], refresh: () => {} };
  const more = drawMore(view);
  const controls = [drawRange(view), drawSwitches(view), more];
  const bar = element("div", "toolbar");
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "How the text is coloured");
  bar.append(...controls.map(({ node }) => node));
  const about = drawDetails(view, "about");
  about.append(element("summary", "", "About the colours"), ...view.data.about.map((text) => element("p", "", text)));
  const count = element("div", "count");
  const below = element("div", "below-toolbar");
  below.append(count, about);
  const refresh = () => {
    controls.forEach((control) => control.refresh(view.root.display));
    count.textContent = view.data.counts[isByWord(view) ? "word" : "token"];
  };
  return { nodes: [bar, below], refresh };
}

// What is unfolded stays so when the controls are drawn again.
function drawDetails(view, name) {
  const details = element("details", name);
  const unfolded = (view.root.unfolded ??= new Set());
  details.open = unfolded.has(name);
  details.ontoggle = () => unfolded[details.open ? "add" : "delete"](name);
  return details;
}

// Choices that most readers leave as they are; the summary says which of them are not.
function drawMore(view) {
  const controls = [drawEnds(view), drawThreshold(view), drawColours(view)];
  const node = drawDetails(view, "more");
  const summary = element("summary");
  const inside = element("div", "more-controls");
  inside.append(...controls.map((control) => control.node));
  node.append(summary, inside);
  const refresh = (display) => {
    controls.forEach((control) => control.refresh(display));
    const changed = [
      display.scale.endsWith("90") ? "" : "lowest to highest",
      display.threshold === "0" ? "" : `from ${display.threshold}%`,
      display.colours === "notebook" ? "reds and blues" : "",
    ].filter(Boolean);
    summary.textContent = ["More colours", changed.join(", ")].filter(Boolean).join(": ");
  };
  return { node, refresh };
}

function showDisplay(view) {
  view.toolbar.refresh();
  view.blocks.forEach((block) => block.tabStop && setTabStop(view, block, Number(block.tabStop.dataset.index)));
}

function drawRange(view) {
  const soft = () => view.root.display.scale.endsWith("90");
  return drawRadios("Range", RANGES, (name) => view.show({ scale: `${name}${soft() ? "90" : ""}` }),
    ({ scale }) => scale.replace("90", ""));
}

function drawEnds(view) {
  const range = () => view.root.display.scale.replace("90", "");
  return drawRadios("Ends", ENDS, (ending) => view.show({ scale: `${range()}${ending}` }),
    ({ scale }) => (scale.endsWith("90") ? "90" : ""));
}

function drawRadios(title, options, choose, chosen) {
  const node = element("fieldset", `choice ${title.toLowerCase()}`);
  const segments = element("div", "segments");
  const inputs = options.map(([value, label]) => {
    const input = element("input");
    Object.assign(input, { type: "radio", name: title, value });
    input.onchange = () => choose(value);
    segments.append(labelled(input, label, "segment"));
    return input;
  });
  node.append(element("legend", "", title), segments);
  return { node, refresh: (display) => inputs.forEach((input) => (input.checked = input.value === chosen(display))) };
}

function drawThreshold(view) {
  const node = element("div", "choice");
  const input = element("input");
  Object.assign(input, { type: "range", min: 0, max: 95, step: 5 });
  const shown = element("span", "control-value"); // no output: that would be what the label is of
  // While it is drawn along, only the browser follows; the link, once it is let go.
  input.oninput = () => view.show({ threshold: input.value }, false);
  input.onchange = () => view.show({ threshold: input.value });
  const title = element("label", "control-title", "Colour from ");
  title.append(shown, input);
  node.append(title);
  const refresh = ({ threshold }) => {
    input.value = threshold;
    shown.textContent = `${threshold}% of the range`;
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  return { node, refresh };
}

function drawSwitches(view) {
  const node = element("div", "choice switches");
  const switches = [];
  if (view.groups) switches.push(["By word", "by", "token", "word"]);
  if (view.data.both) switches.push(["Both neurons in one", "both", "off", "on"]);
  const inputs = switches.map(([label, name, off, on]) => {
    const input = element("input");
    Object.assign(input, { type: "checkbox", role: "switch" });
    input.onchange = () => view.show({ [name]: input.checked ? on : off });
    node.append(labelled(input, label, "switch"));
    return (display) => (input.checked = display[name] === on);
  });
  const notebook = element("button", "as-notebook", "As in the notebook");
  Object.assign(notebook, { type: "button", onclick: () => view.show(NOTEBOOK) });
  node.append(notebook);
  return { node, refresh: (display) => inputs.forEach((refresh) => refresh(display)) };
}

function drawColours(view) {
  const node = element("div", "choice");
  const select = element("select");
  [["app", "Oranges and blues"], ["notebook", "Notebook’s reds and blues"]].forEach(([value, label]) => {
    const option = element("option", "", label);
    option.value = value;
    select.append(option);
  });
  select.onchange = () => view.show({ colours: select.value });
  const title = element("label", "control-title", "Colours");
  title.append(select);
  node.append(title);
  return { node, refresh: ({ colours }) => (select.value = colours) };
}

function labelled(input, text, className) {
  const label = element("label", className);
  label.append(input, element("span", "", text));
  return label;
}
