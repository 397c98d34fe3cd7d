// Moves the focus into the popover whose button was pressed, for components that lie in one: Streamlit puts a popover at
// the end of the page, so the Tab key would come to what is in it last. The Escape key brings the focus back.
function focusPopover(parentElement) {
  const host = parentElement.getRootNode().host ?? parentElement;
  requestAnimationFrame(() => {
    const body = host.closest('[data-testid="stPopoverBody"]');
    if (!body || !document.activeElement?.matches('[data-testid="stPopoverButton"]')) return;
    body.tabIndex = -1;
    body.focus({ preventScroll: true });
  });
}
