// A chart as a PNG: Plotly gives it as SVG, which is painted on the card's own ground below its title. So what
// is saved looks like the page, in either theme, and the policy for images stays as narrow as it is.
(() => {
  const SCALE = 2;
  const MARGIN = 16;
  const HEAD = 40;

  const loaded = (source) => new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = source;
  });

  const painted = async (chart, card) => {
    const { width, height } = chart.getBoundingClientRect();
    const image = await loaded(await window.Plotly.toImage(chart, { format: "svg", width, height }));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * SCALE, (height + HEAD) * SCALE];
    const brush = canvas.getContext("2d");
    brush.scale(SCALE, SCALE);
    brush.fillStyle = getComputedStyle(card).backgroundColor;
    brush.fillRect(0, 0, width, height + HEAD);
    const title = card.querySelector("h2");
    brush.font = getComputedStyle(title).font;
    brush.fillStyle = getComputedStyle(title).color;
    brush.fillText(title.textContent, MARGIN, HEAD - MARGIN);
    brush.drawImage(image, 0, HEAD, width, height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-png]");
    const chart = button && document.getElementById(button.dataset.png);
    if (!chart || !chart.data) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await painted(chart, button.closest(".card")));
    link.download = button.dataset.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
})();
