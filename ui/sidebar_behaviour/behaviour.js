// Says which page is open, and closes the sidebar where it lies over the page, for ui.sidebar_behaviour.
//
// Streamlit calls the default export at every change of the data, and the function that it returns when the component
// goes.

const NARROW = window.matchMedia("(max-width: 50rem)");
const byTestId = (name) => `[data-testid="${name}"]`;
const LINK = byTestId("stPageLink-NavLink");

export default function ({ data, parentElement }) {
  const sidebar = document.querySelector(byTestId("stSidebar"));
  if (!sidebar) return;
  const mark = () =>
    sidebar.querySelectorAll(LINK).forEach((link, place) => {
      if (place !== data.place) link.removeAttribute("aria-current");
      else if (link.getAttribute("aria-current") !== "page") link.setAttribute("aria-current", "page");
    });
  const links = new MutationObserver(mark); // Streamlit may draw a link anew
  links.observe(sidebar, { childList: true, subtree: true });
  mark();
  const follow = (event) => {
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey; // another tab or window
    if (!elsewhere && event.target.closest?.(LINK)) close(sidebar);
  };
  sidebar.addEventListener("click", follow);
  parentElement.querySelector("button").onclick = () => close(sidebar);
  return () => {
    links.disconnect();
    sidebar.removeEventListener("click", follow);
  };
}

// After the click has done what it does. The focus goes to the button that opens the sidebar again.
function close(sidebar) {
  if (!NARROW.matches) return;
  setTimeout(() => {
    sidebar.querySelector(`${byTestId("stSidebarCollapseButton")} button`)?.click();
    setTimeout(() => document.querySelector(byTestId("stExpandSidebarButton"))?.focus({ preventScroll: true }), 50);
  });
}
