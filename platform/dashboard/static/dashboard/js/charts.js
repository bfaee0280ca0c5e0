// Draws the figures that the server put beside each chart as JSON. A figure names colours by the page's
// tokens; they are looked up here, so one figure serves both themes. Plotly.react redraws in place.
(() => {
  const CONFIG = { displayModeBar: false, responsive: true, doubleClick: false, showTips: false };
  const NARROW = 520;
  const probe = document.createElement("span");

  const colour = (token) => {
    probe.style.color = token;
    return getComputedStyle(probe).color;
  };

  const local = (instant) => {
    const at = new Date(instant);
    return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
  };

  const resolve = (value) => {
    if (typeof value === "string") return value.startsWith("var(") ? colour(value) : value;
    if (Array.isArray(value)) return value.map(resolve);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
    }
    return value;
  };

  const inReadersZone = (figure) => {
    if (figure.layout.xaxis.type !== "date") return;
    for (const trace of figure.data) trace.x = trace.x.map(local);
    for (const note of figure.layout.annotations || []) if (note.xref !== "paper") note.x = local(note.x);
    for (const rule of figure.layout.shapes || []) if (rule.xref !== "paper") [rule.x0, rule.x1] = [rule.x0, rule.x1].map(local);
    if (figure.layout.xaxis.range) figure.layout.xaxis.range = figure.layout.xaxis.range.map(local);
  };

  const fitted = (figure, width) => {
    if (width >= NARROW) return;
    const { short_labels: short, narrow_right: right = 64 } = figure.layout.meta || {};
    (figure.layout.annotations || []).forEach((note, i) => { if (short) note.text = short[i]; });
    figure.layout.margin.r = Math.min(figure.layout.margin.r, right);
    figure.layout.margin.l = Math.min(figure.layout.margin.l, 48);
    figure.layout.xaxis.nticks = 4;
  };

  const draw = (chart) => {
    const source = document.getElementById(chart.dataset.figure);
    if (!source || !window.Plotly) return;
    const figure = resolve(JSON.parse(source.textContent));
    inReadersZone(figure);
    fitted(figure, chart.clientWidth);
    figure.layout.height = Math.max(figure.layout.height, chart.clientHeight); // a card as tall as the one beside it
    figure.layout.font.family = getComputedStyle(document.body).fontFamily;
    window.Plotly.react(chart, figure.data, figure.layout, CONFIG);
  };

  const drawAll = () => {
    document.body.append(probe);
    document.querySelectorAll("[data-figure]").forEach(draw);
    probe.remove();
  };

  let width = innerWidth;
  addEventListener("resize", () => {
    if ((width < 820) !== (innerWidth < 820)) drawAll();
    width = innerWidth;
  });
  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("htmx:afterSettle", drawAll);
  document.addEventListener("winnow:theme", drawAll);
})();
