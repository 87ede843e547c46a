// Boxes that scroll sideways (wide code, tables, equations) can be reached and scrolled with the keyboard.
"use strict";

const WIDE = ".highlight pre, .cell_output pre, .cell_output .output, .pst-scrollable-table-container, div.math, mjx-container[display=true]";

function reachWideBoxes() {
  for (const box of document.querySelectorAll(WIDE)) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else if (box.getAttribute("tabindex") === "0") box.removeAttribute("tabindex");
  }
}

window.addEventListener("load", () => {
  reachWideBoxes();
  if (window.MathJax && MathJax.startup && MathJax.startup.promise) MathJax.startup.promise.then(reachWideBoxes);
});
window.addEventListener("resize", reachWideBoxes);
document.addEventListener("toggle", reachWideBoxes, true);
