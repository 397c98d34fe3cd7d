// A row of numbered steps, and the focus, for ui.lesson_stepper.
//
// Streamlit calls the default export at every change of the data. The buttons stay the same elements, so the one with
// the focus keeps it.

const WAIT_MS = 4000; // so long may an element take to be drawn
let focused = null; // the last number of a change of the focus

export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector("ol");
  while (list.children.length > data.places.length) list.lastChild.remove();
  data.places.forEach((place, i) => draw(list.children[i] ?? list.appendChild(item()), place, data, setTriggerValue));
  const steps = data.places.filter((place) => Number(place.mark));
  const done = steps.filter((place) => place.done).length;
  parentElement.querySelector("nav").setAttribute("aria-label", `Steps of the lesson, ${done} of ${steps.length} done`);
  const [number, key] = data.focus;
  if (focused !== null && number !== focused) moveTo(key);
  focused = number;
}

function item() {
  const element = document.createElement("li");
  element.innerHTML = `<button type="button"><span class="mark" aria-hidden="true"></span>
    <span class="unseen before"></span><span class="title"></span><span class="unseen after"></span></button>`;
  return element;
}

function draw(element, place, data, setTriggerValue) {
  const button = element.firstChild, set = (name, text) => (element.querySelector(name).textContent = text);
  const number = Number(place.mark);
  set(".mark", place.done ? "✓" : place.mark);
  set(".before", number ? `Step ${number}: ` : "");
  set(".title", place.title);
  set(".after", place.done ? ", done" : number ? ", not done yet" : "");
  button.title = place.title;
  button.className = place.done ? "done" : "";
  if (place.name === data.now) button.setAttribute("aria-current", "step");
  else button.removeAttribute("aria-current");
  button.onclick = () => setTriggerValue("go", place.name);
}

// The container may be drawn after this, or be drawn anew: it is waited for until it is there and rests.
function moveTo(key) {
  const until = Date.now() + WAIT_MS;
  const look = () => {
    const place = document.querySelector(`.st-key-${CSS.escape(key)}`);
    const rests = place && !place.querySelector('[data-stale="true"]') && !place.closest('[data-stale="true"]');
    if (!rests) {
      if (Date.now() < until) setTimeout(look, 50);
      return;
    }
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
    const box = place.getBoundingClientRect();
    if (box.top < 0 || box.top > 0.6 * window.innerHeight) place.scrollIntoView({ block: "start" });
  };
  setTimeout(look, 50);
}
