// Search in the text. A match may begin and end within tokens; its tokens get lines, which leave their colours visible.

function drawSearch(parentElement, view) {
  const place = parentElement.querySelector(".search");
  if (!place) return;
  place.search ??= buildSearch(place);
  place.classList.toggle("beside", view.data.toolbar);
  if (place.search.view !== view) findAnew(place.search, view);
}

function buildSearch(place) {
  const input = element("input");
  input.type = "search";
  input.placeholder = "Find in the text";
  input.setAttribute("aria-label", "Find in the text");
  const count = element("span", "search-count");
  count.setAttribute("role", "status");
  const search = { place, input, count, view: null, content: null, matches: [], at: 0, marked: [] };
  const before = stepButton(search, -1, "‹", "Previous match");
  const after = stepButton(search, 1, "›", "Next match");
  search.buttons = [before, after];
  input.oninput = () => find(search, 0, true);
  input.onkeydown = (event) => {
    event.stopPropagation(); // a letter is a command of Streamlit's elsewhere on the page
    if (event.isComposing) return;
    if (event.key === "Enter") step(search, event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") clearSearch(search);
    else return;
    event.preventDefault();
  };
  place.replaceChildren(input, before, after, count);
  showCount(search);
  return search;
}

function stepButton(search, by, sign, name) {
  const button = element("button", "search-step", sign);
  button.type = "button";
  button.setAttribute("aria-label", name);
  button.title = name;
  button.onclick = () => step(search, by);
  return button;
}

// The tokens were drawn again: the same match stays the current one if the text is the same.
function findAnew(search, view) {
  const same = search.view !== null && search.content === view.data.text;
  Object.assign(search, { view, content: view.data.text, folded: null, marked: [] });
  find(search, same ? search.at : 0, false);
}

function find(search, at, show) {
  const wanted = foldAll(search.input.value).join("");
  search.matches = wanted ? matchesOf(search, wanted) : [];
  search.at = Math.min(at, Math.max(search.matches.length - 1, 0));
  mark(search);
  if (show) showMatch(search);
}

function matchesOf(search, wanted) {
  search.folded ??= foldText(search.view.data);
  const { text, tokens } = search.folded;
  const { parts } = search.view.data;
  // A space at an end is most often that before the next word, which is not meant.
  const end = wanted.trimEnd().length || wanted.length;
  const start = Math.min(wanted.length - wanted.trimStart().length, end - 1);
  const matches = [];
  for (let from = text.indexOf(wanted); from >= 0; from = text.indexOf(wanted, from + wanted.length)) {
    let last = tokens[from + end - 1];
    // The later tokens of a split character belong to it.
    while (parts[last + 1] && parts[last + 1] !== "added" && !parts[last + 1].startsWith("1/")) last += 1;
    matches.push([tokens[from + start], last]);
  }
  return matches;
}

// The text as it is compared, and the token of each of its units.
function foldText(data) {
  const text = [];
  const tokens = [];
  data.pieces.forEach((piece, index) => {
    for (const folded of foldAll(piece)) {
      text.push(folded);
      for (let i = 0; i < folded.length; i += 1) tokens.push(index);
    }
  });
  return { text: text.join(""), tokens };
}

const QUOTES = { "‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"' };

// Upper and lower case are equal, so are an accented letter in one and in two characters, spaces of all kinds, and
// curly and straight quotes: a phone types one kind, and a text may have the other. A soft hyphen counts for nothing.
function foldAll(text) {
  return Array.from(text, (character) => {
    if (character === "\u00ad") return "";
    if (character in QUOTES) return QUOTES[character];
    return /\s/.test(character) ? " " : character.normalize("NFD").toUpperCase().toLowerCase();
  });
}

function step(search, by) {
  const n = search.matches.length;
  if (!n) return;
  search.at = (search.at + by + n) % n;
  mark(search);
  showMatch(search);
}

function clearSearch(search) {
  search.input.value = "";
  find(search, 0, false);
}

function mark(search) {
  const { view, matches, at } = search;
  search.marked.forEach((token) => token.classList.remove("found", "current"));
  search.marked = [];
  matches.forEach(([first, last], i) => {
    for (let index = first; index <= last; index += 1) {
      eachAt(view, index, (token) => {
        token.classList.add("found");
        if (i === at) token.classList.add("current");
        search.marked.push(token);
      });
    }
  });
  showCount(search);
}

function showCount(search) {
  const n = search.matches.length;
  const [at, all] = [search.at + 1, n].map((number) => number.toLocaleString("en"));
  search.count.textContent = !search.input.value ? "" : n ? `${at} of ${all}` : "Not in this text";
  search.buttons.forEach((button) => (button.disabled = n < 2));
}

// Into the middle of each panel that does not show it, and into the window.
function showMatch(search) {
  if (!search.matches.length) return;
  const [index] = search.matches[search.at];
  search.view.leader = null; // each panel goes its own way to the match
  search.view.blocks.forEach(({ panel, tokens }) => {
    const box = firstBox(tokens[index]);
    const frame = panel.getBoundingClientRect();
    if (box.top < frame.top || box.bottom > frame.bottom) toMiddle(panel, tokens[index]);
  });
  firstShown(search.view)?.bodies[index].scrollIntoView({ block: "nearest" });
}
