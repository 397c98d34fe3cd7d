// A box with an address and a button that copies it.
//
// Over plain http, as in a classroom, browsers have no navigator.clipboard: then the text is selected and copied as a
// person would, and if the browser refuses that too, it stays selected, and the page says which keys copy it.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".copy-box");
  const text = data.frame === null ? address(data.query) : frame(address(data.query), data.frame);
  if (root.text === text) return;
  root.text = text;
  const box = Object.assign(document.createElement("textarea"), { readOnly: true, rows: 3, spellcheck: false });
  box.value = text;
  box.onfocus = () => select(box);
  const label = document.createElement("label");
  label.append(data.label);
  box.setAttribute("aria-label", data.label);
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy" });
  button.setAttribute("aria-label", `Copy: ${data.label}`);
  const said = Object.assign(document.createElement("div"), { className: "said" });
  said.setAttribute("role", "status");
  button.onclick = async () => {
    said.textContent = "";
    said.textContent = (await copied(box)) ? `Copied at ${new Date().toLocaleTimeString()}.` : keys();
  };
  root.replaceChildren(label, box, button, said);
  focusPopover(parentElement);
}

// The page's own address, without what comes after it.
function address(query) {
  return `${location.origin}${location.pathname}?${query}`;
}

function frame(url, title) {
  const style = "border: 0; width: 100%; height: 40rem";
  return `<iframe src="${escaped(url)}" title="${escaped(title)}" style="${style}" loading="lazy"></iframe>`;
}

function escaped(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => names[character]);
}

async function copied(box) {
  try {
    await navigator.clipboard.writeText(box.value);
    return true;
  } catch {
    box.focus({ preventScroll: true });
    select(box);
    return document.execCommand("copy");
  }
}

function select(box) {
  box.select();
  box.scrollTop = 0;
}

function keys() {
  const mac = /mac|iphone|ipad/i.test(navigator.platform);
  return `This browser does not let the page copy. It is selected: press ${mac ? "⌘" : "Ctrl+"}C.`;
}
