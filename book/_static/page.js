// Boxes that scroll sideways (wide code, tables, equations) can be reached and scrolled with the keyboard.
// And the font of the formulas is made ready before the first of them is drawn.
"use strict";

document.fonts.load('1em "Book Maths"');

const WIDE = ".highlight pre, .cell_output pre, .output.text_html, .pst-scrollable-table-container, div.math > .formula";

function reachWideBoxes() {
  for (const box of document.querySelectorAll(WIDE)) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else if (box.getAttribute("tabindex") === "0") box.removeAttribute("tabindex");
  }
}

window.addEventListener("load", reachWideBoxes);
window.addEventListener("resize", reachWideBoxes);
document.addEventListener("toggle", reachWideBoxes, true);
