// The highest and the lowest tokens of each neuron, in their context. A click, or Enter, goes to the token.

const CONTEXT = 32; // characters

function drawRanked(parentElement, view) {
  const place = parentElement.querySelector(".ranked");
  if (!place || place.view === view) return;
  place.view = view;
  if (!place.details) {
    place.details = element("details");
    place.details.open = place.clientWidth >= 600; // on a phone, they would push what follows far down
  }
  const blocks = element("div", "ranked-blocks");
  blocks.append(...view.blocks.filter(({ data }) => data.role !== "both").map((block) => drawRankedBlock(view, block)));
  place.details.replaceChildren(element("summary", "", "Highest and lowest tokens"), blocks);
  place.replaceChildren(...(view.data.pieces.length ? [place.details] : []));
}

function drawRankedBlock(view, block) {
  const { title, highest, lowest } = block.data;
  const section = element("section", "ranked-block");
  section.setAttribute("role", "group");
  section.setAttribute("aria-label", `Highest and lowest tokens of ${title}`);
  const lists = element("div", "ranked-lists");
  lists.append(drawRankedList(view, block, "Highest", highest), drawRankedList(view, block, "Lowest", lowest));
  section.append(element("div", "ranked-title", title), lists);
  return section;
}

// One row of a list is in the tab order; arrow keys walk through the others.
function drawRankedList(view, block, name, indices) {
  const rows = indices.map((index, row) => drawRankedToken(view, block, index, row));
  const list = element("ol");
  list.setAttribute("aria-label", name);
  rows.forEach((button) => list.appendChild(element("li")).append(button));
  list.onkeydown = (event) => {
    const last = rows.length - 1;
    const at = rows.indexOf(event.target.closest(".ranked-token"));
    const to = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined) return;
    rows[at].tabIndex = -1;
    rows[to].tabIndex = 0;
    rows[to].focus();
    event.preventDefault();
  };
  const side = element("div", "ranked-side");
  side.append(element("div", "ranked-name", name), list);
  return side;
}

function drawRankedToken(view, block, index, row) {
  const value = readableNumber(block.values.token[index]);
  const place = `token ${(index + 1).toLocaleString("en")}`;
  const [before, token, after] = inContext(view.data, index);
  const context = element("span", "ranked-context");
  const rest = element("span", "ranked-rest");
  rest.append(element("bdi", "ranked-here", token), element("bdi", "ranked-after", after));
  context.append(element("bdi", "ranked-before", before), rest);
  const button = element("button", "ranked-token");
  button.append(element("span", "ranked-value", value), context);
  button.type = "button";
  button.tabIndex = row === 0 ? 0 : -1;
  button.title = place;
  button.setAttribute("aria-label", `${spoken(view.data, index)}, ${place}, ${value}`);
  button.onclick = () => jump(view, block, index);
  return button;
}

// Selects the token, so that its panel shows, and goes on from there with the keyboard.
function jump(view, block, index) {
  reveal(view, index);
  setTabStop(view, block, index);
  view.select(index);
  block.tabStop.focus({ preventScroll: true });
  block.tabStop.scrollIntoView({ block: "nearest" });
}

// What stands before a token, the token, and what stands after it, in visible form.
function inContext(data, index) {
  let before = "";
  for (let i = index - 1; i >= 0 && before.length < CONTEXT; i -= 1) before = seen(data.pieces[i]) + before;
  let after = "";
  for (let i = index + 1; i < data.pieces.length && after.length < CONTEXT; i += 1) after += seen(data.pieces[i]);
  const piece = data.pieces[index];
  const apart = !data.parts[index] && SPACE_BEFORE_WORD.test(piece);
  return [apart ? `${before} ` : before, apart ? readable(data, index).slice(1) : readable(data, index), after];
}

function seen(piece) {
  return Array.from(piece, (character) => {
    if (character === "\n" || character === "\r") return "↵";
    if (/\s/.test(character)) return " ";
    return HIDDEN.test(character) ? `[${nameOf(character)}]` : character;
  }).join("");
}
