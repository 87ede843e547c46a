// A filmstrip is one picture of equal panels, in rows. On the site it becomes one panel and a slider.
// Without this script, and in print, the whole picture shows. The build leaves columns and titles in #filmstrips.
"use strict";

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function makeSlider(picture, columns, titles, number) {
  const rows = Math.ceil(titles.length / columns), id = `filmstrip-${number}`;
  const width = Number(picture.getAttribute("width")), height = Number(picture.getAttribute("height"));  // it may not be here yet
  const view = element("div", { class: "filmstrip-view" });
  const slider = element("input", { type: "range", id, min: 0, max: titles.length - 1, step: 1, value: 0 });
  const title = element("output", { for: id, "aria-live": "off" });  // the slider itself speaks the title
  const place = element("span", { class: "filmstrip-place" });
  const all = element("button", { type: "button", "aria-pressed": "false" }, "All panels");
  const strip = element("div", { class: "filmstrip" }, view,
    element("div", { class: "filmstrip-controls" }, element("label", { for: id }, "Panel"), slider, title, place, all));
  strip.style.setProperty("--columns", columns);
  strip.style.setProperty("--panel-width", `${width / columns}px`);
  strip.style.setProperty("--panel-shape", `${width / columns} / ${height / rows}`);

  function show() {
    const panel = Number(slider.value);
    strip.style.setProperty("--left", `${-100 * (panel % columns) / columns}%`);
    strip.style.setProperty("--up", `${-100 * Math.floor(panel / columns) / rows}%`);
    title.textContent = titles[panel];
    place.textContent = `panel ${panel + 1} of ${titles.length}`;
    slider.setAttribute("aria-valuetext", titles[panel]);
  }
  slider.addEventListener("input", show);
  all.addEventListener("click", () => {
    all.setAttribute("aria-pressed", strip.classList.toggle("all"));
    slider.disabled = strip.classList.contains("all");
  });
  picture.replaceWith(strip);
  view.append(picture);
  show();
}

document.addEventListener("DOMContentLoaded", () => {
  const data = document.getElementById("filmstrips");
  if (!data) return;
  const pictures = [...document.querySelectorAll(".tag_filmstrip .cell_output")].map((cell) => cell.querySelector("img"));
  JSON.parse(data.textContent).forEach(({ columns, titles }, number) => {
    if (pictures[number]) makeSlider(pictures[number], columns, titles, number + 1);
  });
});
