// Keeps what a learner has done in the browser's local storage: it stays when the tab is closed. A session that begins
// gets it back once. Streamlit calls the default export again whenever the data change.

const KEPT = "grammar-neurons learner";

let settled = null; // the session that has got back what there was

export default function ({ data, setTriggerValue }) {
  if (data.asks && settled !== data.session) {
    settled = data.session;
    setTriggerValue("kept", stored() ?? {});
    return;
  }
  if (!data.asks) store(data.keep);
}

function stored() {
  try {
    return JSON.parse(localStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

function store(value) {
  try {
    if (value === null) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, JSON.stringify(value));
  } catch {
    // A browser may have blocked its storage, or have no room: then nothing is kept.
  }
}
