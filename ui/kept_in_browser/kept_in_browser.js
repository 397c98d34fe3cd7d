// Keeps what a learner has done in the browser's local storage: it stays when the tab is closed. A session that begins
// gets it back once. Streamlit calls the default export again whenever the data change.
//
// Several tabs share the storage. So what this session has changed is put into what is there, not in its place.

const KEPT = "grammar-neurons learner", PROBE = `${KEPT} probe`;

let settled = null; // the session that has got back what there was
let waits = false; // whether that session has not yet taken over what it got
let known = {}; // what this session has stored last, or got back

export default function ({ data, setTriggerValue }) {
  if (settled !== data.session) {
    settled = data.session;
    known = stored();
    waits = Object.keys(known).length > 0 && !data.answered;
    if (waits) setTriggerValue("kept", known);
    else if (!works()) setTriggerValue("kept", { blocked: true });
  }
  if (waits && !data.answered) return;
  waits = false;
  if (!data.full) store(data.keep);
}

function stored() {
  try {
    const value = JSON.parse(localStorage.getItem(KEPT));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function works() {
  try {
    localStorage.setItem(PROBE, "1");
    localStorage.removeItem(PROBE);
    return true;
  } catch {
    return false; // blocked, or no room
  }
}

function store(mine) {
  if (same(mine, known)) return;
  const all = merged(known, mine, stored(), 2);
  try {
    if (Object.keys(all).length) localStorage.setItem(KEPT, JSON.stringify(all));
    else localStorage.removeItem(KEPT);
    known = mine;
  } catch {
    // A browser may have blocked its storage, or have no room: then nothing is kept.
  }
}

// What is there, with what this session has changed, added or removed since ``before``: parts, and what is in them.
function merged(before, mine, there, levels) {
  const all = {};
  for (const name of new Set([...Object.keys(there), ...Object.keys(mine)])) {
    const [was, own, other] = [before[name], mine[name], there[name]];
    const deep = levels > 1 && [was, own, other].every((value) => value === undefined || isObject(value));
    const value = deep ? merged(was ?? {}, own ?? {}, other ?? {}, levels - 1) : same(was, own) ? other : own;
    if (value !== undefined && !(deep && Object.keys(value).length === 0)) all[name] = value;
  }
  return all;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// Whether two values of JSON are equal, in whichever order their names are.
function same(one, other) {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => same(one[name], other[name]));
}
