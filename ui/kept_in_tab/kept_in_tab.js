// Keeps what a user has typed in the tab's session storage: a reload keeps it, a duplicated tab has a copy of it, and
// it ends with the tab. A session that begins gets it back once.
//
// Streamlit calls the default export again whenever the data change. The module, with its state, lives as long as the
// page, which may have several sessions: after a lost connection.

const KEPT = "grammar-neurons kept";
const DRAFTS = "grammar-neurons drafts"; // what was typed and not sent yet, by the key of its box
const PAUSE = 200; // milliseconds without a key until a draft is stored
const LONGEST_WAIT = 3000; // milliseconds for which boxes take no keys while their texts come back

let boxes = []; // the keys of the boxes that are kept
let most = 0; // bytes of all that is kept
let settled = null; // the session that has got back what there was
let waiting = { keys: [], timer: null }; // for the texts of these boxes
let drafts = null;
let timer = null;

export default function ({ data, setTriggerValue }) {
  ({ boxes, most } = data);
  listen();
  if (data.asks && settled !== data.session) {
    const kept = everything();
    if (kept !== null || data.waits) {
      waitFor(kept === null ? [] : [...Object.keys(kept.boxes ?? {}), ...Object.keys(kept.choices ?? {})]);
      setTriggerValue("kept", kept ?? {});
      return;
    }
  }
  settled = data.session;
  waitFor([]);
  keep(data.keep);
}

// What comes back takes the place of what stands in a box: until then, the style sheet hides what is about that.
function waitFor(keys) {
  clearTimeout(waiting.timer);
  waiting = { keys, timer: keys.length ? setTimeout(waitFor, LONGEST_WAIT, []) : null };
  document.documentElement.classList.toggle("text-comes-back", keys.some((key) => key.startsWith("text")));
}

// All that the tab holds, drafts before what was sent; null if that is nothing.
function everything() {
  const kept = stored(KEPT);
  const all = { ...kept, boxes: { ...kept?.boxes, ...unsent() } };
  if (kept === null && Object.keys(unsent()).length === 0) return null;
  return new Blob([JSON.stringify(all)]).size <= most ? all : kept;
}

// A draft ends when its box has another text than when it was begun: it was sent, or something else was chosen.
function keep(value) {
  const before = stored(KEPT)?.boxes ?? {};
  const now = value?.boxes ?? {};
  for (const [key, draft] of Object.entries(unsent())) {
    if (now[key] !== before[key] || now[key] === draft) delete drafts[key];
  }
  store(KEPT, value);
  storeDrafts();
}

// ---------------------------------------------------------------- drafts

let listening = false;

function listen() {
  if (listening) return;
  listening = true;
  document.addEventListener("beforeinput", refuseWhileWaiting, true);
  document.addEventListener("input", noteDraft, true);
  window.addEventListener("pagehide", storeDrafts);
}

function keyOf(element) {
  return element instanceof HTMLTextAreaElement ? boxes.find((key) => element.closest(`.st-key-${key}`)) : undefined;
}

function refuseWhileWaiting(event) {
  if (waiting.keys.includes(keyOf(event.target))) event.preventDefault();
}

function noteDraft(event) {
  const key = keyOf(event.target);
  if (key === undefined) return;
  unsent()[key] = event.target.value;
  clearTimeout(timer);
  timer = setTimeout(storeDrafts, PAUSE);
}

function unsent() {
  drafts ??= stored(DRAFTS) ?? {};
  return drafts;
}

function storeDrafts() {
  clearTimeout(timer);
  store(DRAFTS, Object.keys(unsent()).length ? unsent() : null);
}

// ---------------------------------------------------------------- storage, which a browser may have blocked or full

function stored(place) {
  try {
    const value = JSON.parse(sessionStorage.getItem(place));
    return value !== null && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function store(place, value) {
  try {
    sessionStorage.removeItem(place); // what is out of date must not stay where there is no room for what is new
    if (value !== null) sessionStorage.setItem(place, JSON.stringify(value));
  } catch {
    // Then this tab keeps nothing.
  }
}
