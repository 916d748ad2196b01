// Blocks that scroll sideways can be reached and scrolled with the keyboard;
// those that fit stay out of the way of the tab key.
(() => {
  const boxes =
    "div.highlight pre, .formula, .table-wrapper, .shown, figure";
  const mark = () => {
    for (const box of document.querySelectorAll(boxes)) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  mark();
  addEventListener("resize", mark);
})();
