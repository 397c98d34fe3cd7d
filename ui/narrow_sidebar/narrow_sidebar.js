// Closes Streamlit's sidebar where it lies over the page, for ui.narrow_sidebar.
//
// Streamlit calls the default export at every run, and the function that it returns when the component goes.

const NARROW = window.matchMedia("(max-width: 50rem)");
const byTestId = (name) => `[data-testid="${name}"]`;

export default function ({ parentElement }) {
  const sidebar = document.querySelector(byTestId("stSidebar"));
  const follow = (event) => {
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey; // another tab or window
    if (!elsewhere && event.target.closest?.(byTestId("stPageLink-NavLink"))) close(sidebar);
  };
  sidebar?.addEventListener("click", follow);
  parentElement.querySelector("button").onclick = () => close(sidebar);
  return () => sidebar?.removeEventListener("click", follow);
}

// After the click has done what it does. The focus goes to the button that opens the sidebar again.
function close(sidebar) {
  if (!NARROW.matches) return;
  setTimeout(() => {
    sidebar.querySelector(`${byTestId("stSidebarCollapseButton")} button`)?.click();
    setTimeout(() => document.querySelector(byTestId("stExpandSidebarButton"))?.focus({ preventScroll: true }), 50);
  });
}
