// The plot of plotly's that a component draws over. It is another element of the page, which may come later, or be
// replaced at any time.

// When plotly has drawn or moved something.
const MOVES = ["plotly_afterplot", "plotly_relayout", "plotly_relayouting"];

// Follow the plot that `find()` finds. `redraw(plot)` is called when it is there and whenever it moves, `arrived(plot)`
// before that, once for each plot, and `left(plot)` when it goes. The result's `look` asks again which plot is there.
function followPlot({ find, redraw, arrived, left }) {
  const followed = { plot: null, events: null };
  let waits = false;
  const moved = () => redraw(followed.plot);
  const leave = () => {
    const plot = followed.plot;
    followed.plot = null;
    if (!plot) return;
    left(plot);
    if (plot.removeListener) MOVES.forEach((name) => plot.removeListener(name, moved)); // else plotly has cleared it
  };
  const look = () => {
    const plot = find() ?? null;
    if ((plot === followed.plot && plot?._ev === followed.events) || (plot && !plot.on)) return;
    leave();
    followed.plot = plot;
    followed.events = plot?._ev;
    if (!plot) return;
    MOVES.forEach((name) => plot.on(name, moved));
    arrived(plot);
    redraw(plot);
  };
  const observer = new MutationObserver(() => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      look();
    });
  });
  observer.observe(document.body, { childList: true, subtree: true });
  const stop = () => {
    observer.disconnect();
    leave();
  };
  return Object.assign(followed, { look, stop });
}
