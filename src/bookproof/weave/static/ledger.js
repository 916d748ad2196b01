// The filters of a ledger page, kept in the address; and the arcs of what is
// pointed at. Without this script the page is a plain long table.
(() => {
  const table = document.querySelector("table.ledger");
  if (!table) return;
  const rows = [...table.tBodies[0].rows];
  const words = rows.map((row) => row.textContent.toLowerCase());
  const listed = (row, name) => row.dataset[name].split(" ").filter(Boolean);
  const values = (name, split) => [
    ...new Set(
      rows.flatMap((row) => (split ? listed(row, name) : [row.dataset[name]])),
    ),
  ].filter(Boolean);

  const form = document.createElement("form");
  form.className = "ledger-filter";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", "statements of this chapter");
  const labelled = (name, field) => {
    const label = document.createElement("label");
    field.name = name;
    label.append(name, " ", field);
    form.append(label);
    return field;
  };
  const choice = (name, options) => {
    const field = document.createElement("select");
    field.add(new Option("all", ""));
    for (const each of options) field.add(new Option(each, each));
    return labelled(name, field);
  };
  const kind = choice("kind", values("kind", true));
  const verdict = choice("verdict", values("verdict", false));
  const source = choice("source", values("source", true).sort());
  const text = labelled("text", document.createElement("input"));
  text.type = "search";
  const count = document.createElement("output");
  count.setAttribute("aria-live", "polite");
  form.append(count);
  const fields = [kind, verdict, source, text];

  const show = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, at) => {
      const fits =
        (!kind.value || listed(row, "kind").includes(kind.value)) &&
        (!verdict.value || row.dataset.verdict === verdict.value) &&
        (!source.value || listed(row, "source").includes(source.value)) &&
        wanted.every((word) => words[at].includes(word));
      row.hidden = !fits;
      shown += fits;
    });
    count.value = `${shown} of ${rows.length}`;
  };
  // A hash with "=" is a filter; any other is the id of a row.
  const chapters = document.querySelectorAll("nav.ledger-chapters a");
  const carry = (hash) => {
    for (const link of chapters) link.hash = hash;
  };
  const read = () => {
    const hash = location.hash.slice(1);
    const state = new URLSearchParams(hash.includes("=") ? hash : "");
    for (const field of fields) {
      const value = state.get(field.name) || "";
      field.value = value;
      if (field.value !== value) field.value = "";
    }
    carry(state.size ? `#${state}` : "");
    show();
    const there = state.size ? null : document.getElementById(hash);
    if (there?.tagName === "DETAILS") there.open = true;
    there?.scrollIntoView();
  };
  const write = () => {
    const state = new URLSearchParams();
    for (const field of fields) {
      if (field.value) state.set(field.name, field.value);
    }
    const hash = state.size ? `#${state}` : "";
    history.replaceState(null, "", hash || location.pathname + location.search);
    carry(hash);
    show();
  };
  form.addEventListener("input", write);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", read);
  table.parentElement.before(form);
  read();

  for (const drawing of document.querySelectorAll("svg.arcs")) {
    const light = (event) => {
      const name = event.target.closest("[data-line]");
      const line = name && event.type !== "mouseleave" ? name.dataset.line : "";
      for (const arc of drawing.querySelectorAll("path")) {
        const at = line && [arc.dataset.used, arc.dataset.user].includes(line);
        arc.classList.toggle("lit", Boolean(at));
      }
    };
    for (const type of ["mouseover", "focusin", "mouseleave"]) {
      drawing.addEventListener(type, light);
    }
  }
})();
