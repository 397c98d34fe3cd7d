// Draws the plots in the colours of the page's theme, which may be light only; again when the theme changes, and light on paper.
(() => {
  const isDark = window.matchMedia("(prefers-color-scheme: dark)");
  const figures = [...document.querySelectorAll("script.plot-data")].map((script) => ({
    place: document.getElementById(script.dataset.for),
    ...JSON.parse(script.textContent),
  }));
  const config = { displaylogo: false, responsive: true };

  function draw(theme) {
    return figures.map((figure) => {
      const look = figure[theme];
      const data = figure.data.map((trace, number) => ({ ...trace, ...look.data[number] }));
      return Plotly.react(figure.place, data, { ...look.layout, autosize: true }, config);
    });
  }

  const onlyLight = document.documentElement.dataset.theme === "light";
  const drawOnScreen = () => draw(isDark.matches && !onlyLight ? "dark" : "light");
  isDark.addEventListener("change", drawOnScreen);
  window.addEventListener("beforeprint", () => {
    draw("light");
    document.querySelectorAll("details").forEach((part) => (part.open = true));
  });
  window.addEventListener("afterprint", drawOnScreen);
  Promise.all(drawOnScreen()).then(() => (document.body.dataset.drawn = figures.length));
})();
