// Follows the links between documents in the same tab, for ui.document_links.
//
// Streamlit calls the default export at every change of the data, and the function that it returns when the component
// goes. The number of the last press is kept: a page that is drawn again stays where it is.

const PATIENCE = 3000; // milliseconds until the heading must be there
let shown = 0;

export default function ({ data, parentElement, setTriggerValue }) {
  const follow = (event) => {
    const link = event.target.closest?.(`.${data.text} a[href*="read="]`);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const url = new URL(link.href);
    event.preventDefault();
    setTriggerValue("opened", { read: url.searchParams.get("read"), anchor: decodeURIComponent(url.hash.slice(1)) });
  };
  document.addEventListener("click", follow);
  parentElement.querySelector("div").dataset.follows = data.text; // until it does, a link opens a new tab
  if (data.nth > shown) {
    shown = data.nth;
    goTo(data.anchor, performance.now() + PATIENCE);
  }
  return () => document.removeEventListener("click", follow);
}

// The heading, or the beginning of the page; the focus too, for those who hear the page.
function goTo(anchor, until) {
  const place = anchor ? document.getElementById(anchor) : document.querySelector("h1");
  if (place) {
    place.scrollIntoView();
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  } else if (performance.now() < until) setTimeout(() => goTo(anchor, until), 100);
}
