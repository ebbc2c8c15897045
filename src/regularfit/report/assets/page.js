// Pointing only: without this script the page loses nothing but the highlighting.
"use strict";
for (const figure of document.querySelectorAll("figure.plot")) {
  const frame = figure.querySelector(".frame");
  const readout = figure.querySelector(".readout");
  if (!frame || !readout) continue;
  const chart = frame.querySelector("svg.chart");
  const cursor = chart.querySelector(".cursor");
  const readings = frame.dataset.read ? JSON.parse(frame.dataset.read) : [];
  const hint = readout.textContent;
  let named = "";

  // One series stands out: its curve, its label and its words.
  const follow = (key) => {
    chart.classList.toggle("following", Boolean(key));
    for (const part of chart.querySelectorAll("[data-k]")) part.classList.toggle("hot", part.dataset.k === key);
    const curve = key && chart.querySelector(`g.s[data-k="${key}"] > title`);
    named = curve ? curve.textContent : "";
    if (curve) curve.parentNode.parentNode.append(curve.parentNode);
  };
  chart.addEventListener("pointerover", (event) => {
    const part = event.target.closest("[data-k]");
    if (part && part.classList.contains("hot")) return;
    follow(part ? part.dataset.k : "");
    if (named) readout.textContent = named;
  });

  // The nearest strength is read out.
  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    if (!readings.length || share < -0.01 || share > 1.01) return;
    const near = readings.reduce((a, b) => (Math.abs(b[0] - share) < Math.abs(a[0] - share) ? b : a));
    cursor.setAttribute("x1", `${100 * near[0]}%`);
    cursor.setAttribute("x2", `${100 * near[0]}%`);
    cursor.classList.add("shown");
    readout.textContent = named ? `${named} · ${near[1]}` : near[1];
  });
  chart.addEventListener("pointerleave", () => {
    follow("");
    cursor.classList.remove("shown");
    readout.textContent = hint;
  });
}
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
});
