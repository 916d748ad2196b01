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

// What a mark says to a pointer at rest, it says to a finger that taps it.
(() => {
  const note = document.createElement("div");
  note.className = "mark-note";
  note.setAttribute("role", "status");
  const show = (mark) => {
    const place = mark.getClientRects()[0];
    const room = document.documentElement.clientWidth;
    document.body.append(note);
    note.textContent = mark.title;
    const left = Math.min(place.left, room - note.offsetWidth - 8);
    note.style.left = `${scrollX + Math.max(left, 8)}px`;
    note.style.top = `${scrollY + place.bottom + 6}px`;
  };
  addEventListener("click", ({ target }) => {
    const mark = target.closest(".mark[title]");
    note.remove();
    if (mark && !target.closest("a")) show(mark);
  });
  addEventListener("keydown", ({ key }) => {
    if (key === "Escape") note.remove();
  });
})();

// A page read from a file may not read others: there the results of a search
// are titles alone.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS === "object")
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
